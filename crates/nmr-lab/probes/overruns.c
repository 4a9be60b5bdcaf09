// Writes behind a pool block that fills its pages.
// expect: driver=overruns\.sys at=overruns\.sys\+0x[0-9a-f]+ text=writes to behind the end of a pool block: tag=Prob size=32 offset=32 allocated-at=overruns\.sys
// crash
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    volatile CHAR *block = ExAllocatePoolWithTag(NonPagedPool, 32, TAG);
    block[32] = 1;
}
