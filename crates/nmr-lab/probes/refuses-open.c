// Refuses an open itself. Nothing of the handle that Wine gives out all the same reaches it. No violation.
// line: ^refuses-open: read: 0xc000000e$
// line: ^refuses-open: requests: 1$
// before stop: ^refuses-open: read: 
#include "device.h"

#define NAME L"\\Device\\RefusesOpen"

static PVOID thread;
static volatile LONG requests;

static NTSTATUS NTAPI refuse(PDEVICE_OBJECT device, PIRP irp) {
    InterlockedIncrement(&requests);
    irp->IoStatus.Status = STATUS_ACCESS_DENIED;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_ACCESS_DENIED;
}

static VOID NTAPI opens(PVOID context) {
    HANDLE handle;
    IO_STATUS_BLOCK status;
    CHAR byte;
    if (NT_SUCCESS(open_device(NAME, &handle))) {
        DbgPrint("refuses-open: read: 0x%08x\n", ZwReadFile(handle, NULL, NULL, NULL, &status, &byte, 1, NULL, NULL));
        ZwClose(handle);
    }
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    make_device(driver, NAME);
    driver->MajorFunction[IRP_MJ_CREATE] = refuse;
    driver->MajorFunction[IRP_MJ_CLOSE] = refuse;
    driver->MajorFunction[IRP_MJ_READ] = refuse;
    thread = start_thread(opens, NULL);
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    join_thread(thread);
    DbgPrint("refuses-open: requests: %d\n", requests);
    IoDeleteDevice(device);
}
