// A control device, and how a thread of the probe opens it.
#include "probe.h"

static PDEVICE_OBJECT device;

static NTSTATUS NTAPI complete(PDEVICE_OBJECT device, PIRP irp) {
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID make_device(PDRIVER_OBJECT driver, PCWSTR name) {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, name);
    driver->MajorFunction[IRP_MJ_CREATE] = complete;
    driver->MajorFunction[IRP_MJ_CLOSE] = complete;
    driver->MajorFunction[IRP_MJ_READ] = complete;
    IoCreateDevice(driver, 0, &text, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
}

// For threads that DriverEntry starts: Windows opens no device of a driver before that has returned.
static NTSTATUS open_device(PCWSTR name, PHANDLE handle) {
    NTSTATUS opened;
    UNICODE_STRING text;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK status;
    pause_for(100);
    RtlInitUnicodeString(&text, name);
    InitializeObjectAttributes(&attributes, &text, OBJ_KERNEL_HANDLE, NULL, NULL);
    opened = ZwCreateFile(handle, GENERIC_READ, &attributes, &status, NULL, 0, FILE_SHARE_READ, FILE_OPEN, 0, NULL, 0);
    DbgPrint("probe: open: 0x%08x\n", opened);
    return opened;
}
