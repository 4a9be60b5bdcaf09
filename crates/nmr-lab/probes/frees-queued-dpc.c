// Frees a pool block that holds a timer that is set, and one that holds a queued DPC.
// expect: text=frees a pool block that holds a timer that is set$
// expect: text=frees a pool block that holds a queued DPC$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    PKTIMER timer = ExAllocatePoolWithTag(NonPagedPool, sizeof(KTIMER), TAG);
    PKDPC dpc = ExAllocatePoolWithTag(NonPagedPool, sizeof(KDPC), TAG);
    LARGE_INTEGER time;
    KIRQL before;
    time.QuadPart = -600000000LL;
    KeInitializeTimer(timer);
    KeSetTimer(timer, time, NULL);
    KeCancelTimer(timer);
    KeSetTimer(timer, time, NULL);
    ExFreePoolWithTag(timer, TAG);
    KeCancelTimer(timer);
    KeInitializeDpc(dpc, NULL, NULL);
    dpc->DeferredRoutine = (PKDEFERRED_ROUTINE)probe_start;
    before = raise_irql(DISPATCH_LEVEL);
    KeInsertQueueDpc(dpc, NULL, NULL);
    ExFreePoolWithTag(dpc, TAG);
    KeRemoveQueueDpc(dpc);
    lower_irql(before);
}
