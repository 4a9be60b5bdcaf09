// A DPC that lowers its level and returns.
// expect: driver=dpc-lowers\.sys at=dpc-lowers\.sys\+0x[0-9a-f]+ text=a DPC ends at PASSIVE_LEVEL, it was called at DISPATCH_LEVEL$
#include "probe.h"

NOTHING_AT_STOP

static VOID NTAPI lowers(PKDPC dpc, PVOID context, PVOID first, PVOID second) {
    lower_irql(PASSIVE_LEVEL);
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    KDPC dpc;
    KeInitializeDpc(&dpc, lowers, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}
