// A thread that ends in a critical region, and one that ends at APC_LEVEL.
// expect: driver=thread-keeps-region\.sys .* text=a thread ends with 1 critical regions entered and not left$
// expect: driver=thread-keeps-region\.sys .* text=a thread ends at APC_LEVEL, it was called at PASSIVE_LEVEL$
// expect: driver=thread-keeps-region\.sys .* text=is unloaded with 1 critical regions entered and not left$
#include "probe.h"

NOTHING_AT_STOP

static VOID NTAPI enters(PVOID context) {
    KeEnterCriticalRegion();
}

static VOID NTAPI raises(PVOID context) {
    raise_irql(APC_LEVEL);
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    join_thread(start_thread(enters, NULL));
    join_thread(start_thread(raises, NULL));
}
