// Releases rundown protection that it has not acquired.
// expect: driver=releases-too-much\.sys .* text=releases more rundown protection than was acquired$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    EX_RUNDOWN_REF reference;
    ExInitializeRundownProtection(&reference);
    if (ExAcquireRundownProtection(&reference)) {
        ExReleaseRundownProtection(&reference);
    }
    ExReleaseRundownProtection(&reference);
}
