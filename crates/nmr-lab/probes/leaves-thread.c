// Is unloaded while its thread sleeps, which then wakes up in nothing.
// expect: driver=leaves-thread\.sys .* text=is unloaded with 1 of its threads running, the first began here$
// expect: driver=leaves-thread\.sys at=leaves-thread\.sys\+0x[0-9a-f]+\(unloaded\) text=runs in an image that is unloaded$
// crash
#include "probe.h"

NOTHING_AT_START

// Sleeps until its image is gone: how long unloading takes is the machine's affair.
static VOID NTAPI sleeps(PVOID context) {
    ULONG turns;
    for (turns = 0; turns < 200; turns++) {
        pause_for(50);
    }
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    ObDereferenceObject(start_thread(sleeps, NULL));
}
