// Raises to a lower level, and lowers to a higher one.
// expect: driver=raises-down\.sys .* text=raises from DISPATCH_LEVEL to APC_LEVEL$
// expect: driver=raises-down\.sys .* text=lowers from PASSIVE_LEVEL to DISPATCH_LEVEL$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KIRQL before = raise_irql(DISPATCH_LEVEL);
    raise_irql(APC_LEVEL);
    lower_irql(before);
    lower_irql(DISPATCH_LEVEL);
}
