// Acquires a spin lock that it holds, releases one that it does not hold, and lowers with one held.
// expect: driver=locks-twice\.sys .* text=acquires a spin lock that this thread holds: on Windows it hangs$
// expect: driver=locks-twice\.sys .* text=releases a spin lock that this thread does not hold$
// expect: driver=locks-twice\.sys .* text=lowers to PASSIVE_LEVEL with a spin lock held$
// expect: driver=locks-twice\.sys .* routine=KeReleaseSpinLockFromDpcLevel irql=PASSIVE_LEVEL limit=>=DISPATCH_LEVEL$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KSPIN_LOCK lock = 0;
    KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    lower_irql(before);
    KeReleaseSpinLockFromDpcLevel(&lock);
}
