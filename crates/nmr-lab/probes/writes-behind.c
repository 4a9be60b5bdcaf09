// Writes behind a pool block, where its alignment leaves a gap.
// expect: driver=writes-behind\.sys .* text=wrote behind a pool block: tag=Prob size=30 offset=31 allocated-at=writes-behind\.sys\+0x
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    volatile CHAR *block = ExAllocatePoolWithTag(NonPagedPool, 30, TAG);
    block[31] = 1;
    ExFreePoolWithTag((PVOID)block, TAG);
}
