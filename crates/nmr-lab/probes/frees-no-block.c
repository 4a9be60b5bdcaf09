// Frees the inside of a pool block.
// expect: driver=frees-no-block\.sys .* text=frees 0x[0-9a-f]+, which is the address of no pool block$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    PCHAR block = ExAllocatePoolWithTag(NonPagedPool, 32, TAG);
    ExFreePoolWithTag(block + 16, TAG);
    ExFreePoolWithTag(block, TAG);
}
