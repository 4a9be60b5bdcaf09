// Waits at DISPATCH_LEVEL: without a time, and for one; asking with a time of zero is allowed.
// expect: driver=waits-at-dispatch\.sys .* routine=KeWaitForSingleObject irql=DISPATCH_LEVEL limit=<=APC_LEVEL,or-a-timeout-of-zero$
// expect: driver=waits-at-dispatch\.sys .* routine=KeDelayExecutionThread irql=DISPATCH_LEVEL limit=<=APC_LEVEL$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KEVENT event;
    LARGE_INTEGER time;
    KIRQL before;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    before = raise_irql(DISPATCH_LEVEL);
    time.QuadPart = 0;
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &time);
    time.QuadPart = -10;
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &time);
    KeDelayExecutionThread(KernelMode, FALSE, &time);
    lower_irql(before);
}
