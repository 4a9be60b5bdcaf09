// Frees a pool block twice.
// expect: driver=frees-twice\.sys .* text=frees a pool block twice: tag=Prob size=32 first-freed-at=frees-twice\.sys\+0x
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 32, TAG);
    ExFreePoolWithTag(block, TAG);
    ExFreePoolWithTag(block, TAG);
}
