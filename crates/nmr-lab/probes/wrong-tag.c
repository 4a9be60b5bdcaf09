// Frees a pool block with a tag that it has not.
// expect: driver=wrong-tag\.sys .* text=frees a pool block with tag gnrW, it was allocated with Prob$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 32, TAG), 'Wrng');
}
