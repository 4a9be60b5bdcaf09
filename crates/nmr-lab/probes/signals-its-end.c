// Its thread sets an event as its last act, and Unload waits for that event and not for the thread.
// expect: driver=signals-its-end\.sys .* text=is unloaded with 1 of its threads running, the first began here$
// expect: driver=signals-its-end\.sys at=signals-its-end\.sys\+0x[0-9a-f]+\(unloaded\) text=runs in an image that is unloaded$
// crash
#include "probe.h"

static KEVENT stop, ended;

static VOID NTAPI waits(PVOID context) {
    KeWaitForSingleObject(&stop, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&ended, IO_NO_INCREMENT, FALSE);
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    KeInitializeEvent(&stop, NotificationEvent, FALSE);
    KeInitializeEvent(&ended, NotificationEvent, FALSE);
    ObDereferenceObject(start_thread(waits, NULL));
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    KeSetEvent(&stop, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&ended, Executive, KernelMode, FALSE, NULL);
}
