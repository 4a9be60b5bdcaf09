// Never closes its device: Unload comes when the lab has waited long enough.
// expect: driver=never-closes\.sys .* text=has 1 handles open \d+ ms after its stop was asked for$
// before stop: ^probe: open: 
#include "device.h"

#define NAME L"\\Device\\NeverCloses"

static HANDLE handle;
static PVOID thread;

static VOID NTAPI opens(PVOID context) {
    open_device(NAME, &handle);
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    make_device(driver, NAME);
    thread = start_thread(opens, NULL);
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    join_thread(thread);
    ZwClose(handle);
    IoDeleteDevice(device);
}
