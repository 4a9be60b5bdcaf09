// Reads a pool block after freeing it.
// expect: driver=uses-freed\.sys at=uses-freed\.sys\+0x[0-9a-f]+ text=reads a freed pool block: tag=Prob size=32 offset=8 allocated-at=uses-freed\.sys.* freed-at=uses-freed\.sys
// crash
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    volatile CHAR *block = ExAllocatePoolWithTag(NonPagedPool, 32, TAG);
    ExFreePoolWithTag((PVOID)block, TAG);
    DbgPrint("%d\n", block[8]);
}
