// Makes an MDL of a buffer on its stack, whose pages the kernel may exchange; the one in the pool is right.
// expect: driver=describes-stack\.sys at=describes-stack\.sys\+0x[0-9a-f]+ text=makes an MDL of memory that is neither of the pool nor of an image$
// line: nmr-lab: unloaded driver=describes-stack\.sys blocks=1 leaked=0$
#include "probe.h"

NOTHING_AT_STOP

static VOID describe(PVOID memory, ULONG length) {
    PMDL mdl = IoAllocateMdl(memory, length, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    IoFreeMdl(mdl);
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    UCHAR buffer[64];
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, sizeof(buffer), TAG);
    describe(block, sizeof(buffer));
    describe(buffer, sizeof(buffer));
    ExFreePoolWithTag(block, TAG);
}
