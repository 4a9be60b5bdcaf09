// A dispatch routine that returns with a critical region entered.
// expect: driver=dispatch-raised\.sys .* text=a dispatch routine ends with 1 critical regions entered and not left$
// expect: driver=dispatch-raised\.sys .* text=is unloaded with 1 critical regions entered and not left$
// before stop: ^probe: open: 
#include "device.h"

#define NAME L"\\Device\\DispatchRaised"

static PVOID thread;

static NTSTATUS NTAPI enters(PDEVICE_OBJECT device, PIRP irp) {
    KeEnterCriticalRegion();
    return complete(device, irp);
}

static VOID NTAPI opens(PVOID context) {
    HANDLE handle;
    if (NT_SUCCESS(open_device(NAME, &handle))) {
        ZwClose(handle);
    }
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    make_device(driver, NAME);
    driver->MajorFunction[IRP_MJ_CREATE] = enters;
    thread = start_thread(opens, NULL);
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    join_thread(thread);
    IoDeleteDevice(device);
}
