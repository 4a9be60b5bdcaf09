// Makes a device that is secured, linked and used, and writes a value of its service. No violation.
// line: ^uses-device: device 0x00000000, link 0x00000000$
// line: ^uses-device: opened 0x00000000, descriptor 0x00000000, secured 0x00000000$
// line: ^uses-device: key 0x00000000, value 0x00000000$
// line: ^uses-device: a routine that there is not: 0000000000000000$
// line: ^uses-device: read 0x00000000$
// line: ^nmr-lab: unloaded driver=uses-device\.sys blocks=0 leaked=0$
// before stop: ^uses-device: read 
#include "device.h"

#define NAME L"\\Device\\UsesDevice"
#define LINK L"\\DosDevices\\UsesDevice"
// The key is the service's own; the value goes with it.
#define KEY L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\uses-device"

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID, ULONG, PVOID, ACCESS_MASK, PVOID, KPROCESSOR_MODE, PHANDLE);
NTSTATUS NTAPI ZwSetSecurityObject(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR);
NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR, ULONG);

static PVOID thread;

static VOID NTAPI reads(PVOID context) {
    HANDLE handle;
    IO_STATUS_BLOCK status;
    CHAR byte;
    if (NT_SUCCESS(open_device(LINK, &handle))) {
        DbgPrint("uses-device: read 0x%08x\n", ZwReadFile(handle, NULL, NULL, NULL, &status, &byte, 1, NULL, NULL));
        ZwClose(handle);
    }
}

static VOID secure(VOID) {
    // SECURITY_DESCRIPTOR, which these headers do not show.
    struct {
        UCHAR revision, unused;
        USHORT control;
        PVOID owner, group, system_acl, acl;
    } descriptor;
    HANDLE handle = NULL;
    NTSTATUS opened = ObOpenObjectByPointer(device, OBJ_KERNEL_HANDLE, NULL, WRITE_DAC, NULL, KernelMode, &handle);
    NTSTATUS made = RtlCreateSecurityDescriptor(&descriptor, 1);
    NTSTATUS secured = ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, &descriptor);
    DbgPrint("uses-device: opened 0x%08x, descriptor 0x%08x, secured 0x%08x\n", opened, made, secured);
    ZwClose(handle);
}

static VOID write_value(VOID) {
    UNICODE_STRING path, name;
    OBJECT_ATTRIBUTES attributes;
    HANDLE key = NULL;
    ULONG value = 7;
    NTSTATUS opened;
    RtlInitUnicodeString(&path, KEY);
    RtlInitUnicodeString(&name, L"Value");
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL, NULL);
    opened = ZwOpenKey(&key, KEY_SET_VALUE, &attributes);
    DbgPrint("uses-device: key 0x%08x, value 0x%08x\n", opened, ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof(value)));
    ZwClose(key);
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    UNICODE_STRING name, link;
    make_device(driver, NAME);
    RtlInitUnicodeString(&name, NAME);
    RtlInitUnicodeString(&link, LINK);
    DbgPrint("uses-device: device 0x%08x, link 0x%08x\n", device ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL, IoCreateSymbolicLink(&link, &name));
    secure();
    write_value();
    DbgPrint("uses-device: a routine that there is not: %p\n", routine(L"KeThereIsNoSuchRoutine"));
    thread = start_thread(reads, NULL);
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    UNICODE_STRING link;
    RtlInitUnicodeString(&link, LINK);
    join_thread(thread);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}
