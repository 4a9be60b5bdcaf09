// Leaves two pool blocks behind.
// expect: driver=leaks-pool\.sys at=leaks-pool\.sys\+0x[0-9a-f]+ text=leaks 2 pool blocks of 80 bytes, the first tag=Prob size=32$
// line: nmr-lab: unloaded driver=leaks-pool\.sys blocks=3 leaked=2$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    ExAllocatePoolWithTag(NonPagedPool, 32, TAG);
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPool, 16, TAG), TAG);
    ExAllocatePoolWithTag(NonPagedPool, 48, TAG);
}
