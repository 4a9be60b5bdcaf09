// Enters and leaves a critical region at DISPATCH_LEVEL, and leaves one that it has not entered.
// expect: routine=KeEnterCriticalRegion irql=DISPATCH_LEVEL limit=<=APC_LEVEL$
// expect: routine=KeLeaveCriticalRegion irql=DISPATCH_LEVEL limit=<=APC_LEVEL$
// expect: text=leaves a critical region that this thread has not entered$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KIRQL before = raise_irql(DISPATCH_LEVEL);
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    lower_irql(before);
    KeLeaveCriticalRegion();
}
