// Allocates paged pool at DISPATCH_LEVEL.
// expect: driver=paged-at-dispatch\.sys .* routine=ExAllocatePoolWithTag irql=DISPATCH_LEVEL limit=<=APC_LEVEL,as-the-pool-is-paged$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KIRQL before = raise_irql(DISPATCH_LEVEL);
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 32, TAG), TAG);
    ExFreePoolWithTag(ExAllocatePoolWithTag(PagedPool, 32, TAG), TAG);
    lower_irql(before);
}
