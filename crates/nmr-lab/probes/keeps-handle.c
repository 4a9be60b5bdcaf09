// Keeps its device open for half a second after the stop was asked for: Unload comes after that. No violation.
// line: ^keeps-handle: opened$
// line: ^keeps-handle: closed$
// line: ^keeps-handle: unload$
// before stop: ^keeps-handle: opened$
#include "device.h"

#define NAME L"\\Device\\KeepsHandle"

static PVOID thread;

static VOID NTAPI opens(PVOID context) {
    HANDLE handle;
    if (NT_SUCCESS(open_device(NAME, &handle))) {
        DbgPrint("keeps-handle: opened\n");
        pause_for(800);
        DbgPrint("keeps-handle: closed\n");
        ZwClose(handle);
    }
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    make_device(driver, NAME);
    thread = start_thread(opens, NULL);
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    DbgPrint("keeps-handle: unload\n");
    join_thread(thread);
    IoDeleteDevice(device);
}
