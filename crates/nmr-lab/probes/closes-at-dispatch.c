// Calls routines for PASSIVE_LEVEL at DISPATCH_LEVEL and at APC_LEVEL.
// expect: driver=closes-at-dispatch\.sys .* routine=ZwClose irql=DISPATCH_LEVEL limit=<=PASSIVE_LEVEL$
// expect: driver=closes-at-dispatch\.sys .* routine=ZwClose irql=APC_LEVEL limit=<=PASSIVE_LEVEL$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KIRQL before = raise_irql(DISPATCH_LEVEL);
    ZwClose(NULL);
    lower_irql(APC_LEVEL);
    ZwClose(NULL);
    lower_irql(before);
}
