// Returns from DriverEntry at DISPATCH_LEVEL.
// expect: driver=returns-raised\.sys .* text=DriverEntry ends at DISPATCH_LEVEL, it was called at PASSIVE_LEVEL$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    raise_irql(DISPATCH_LEVEL);
}
