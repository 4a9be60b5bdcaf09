// Is unloaded while its DPC runs, which then runs on in nothing.
// expect: driver=leaves-dpc\.sys .* text=is unloaded with a DPC queued or running$
// expect: driver=leaves-dpc\.sys at=leaves-dpc\.sys\+0x[0-9a-f]+\(unloaded\) text=runs in an image that is unloaded$
// crash
#include "probe.h"

NOTHING_AT_START

static KDPC dpc;
static volatile LONG runs;

// Runs until its image is gone: how long unloading takes is the machine's affair.
static VOID NTAPI takes_long(PKDPC dpc, PVOID context, PVOID first, PVOID second) {
    ULONG turns;
    InterlockedExchange(&runs, 1);
    for (turns = 0; turns < 200; turns++) {
        stall(50000);
    }
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    KeInitializeDpc(&dpc, takes_long, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    while (!runs) {
        pause_for(1);
    }
}
