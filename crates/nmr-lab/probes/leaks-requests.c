// Leaves an IRP and two MDLs behind.
// expect: driver=leaks-requests\.sys at=leaks-requests\.sys\+0x[0-9a-f]+ text=is unloaded with 1 IRPs allocated and not freed$
// expect: driver=leaks-requests\.sys at=leaks-requests\.sys\+0x[0-9a-f]+ text=is unloaded with 2 MDLs allocated and not freed$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    static UCHAR bytes[32];
    IoAllocateIrp(1, FALSE);
    IoFreeIrp(IoAllocateIrp(1, FALSE));
    for (int count = 0; count < 2; count++) {
        IoAllocateMdl(bytes, sizeof(bytes), FALSE, FALSE, NULL);
    }
}
