// Is unloaded with a device, a symbolic link and a work item.
// expect: driver=leaves-devices\.sys .* text=is unloaded with 1 devices not deleted$
// expect: driver=leaves-devices\.sys .* text=is unloaded with 1 symbolic links made and not deleted$
// expect: driver=leaves-devices\.sys .* text=is unloaded with 1 work items allocated and not freed$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    RtlInitUnicodeString(&name, L"\\Device\\LeavesDevices");
    RtlInitUnicodeString(&link, L"\\DosDevices\\LeavesDevices");
    IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    IoCreateSymbolicLink(&link, &name);
    IoAllocateWorkItem(device);
}
