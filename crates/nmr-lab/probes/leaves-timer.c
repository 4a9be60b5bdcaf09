// Is unloaded with a timer set.
// expect: driver=leaves-timer\.sys .* text=is unloaded with 1 timers set$
#include "probe.h"

NOTHING_AT_STOP

static KTIMER timer;

static VOID probe_start(PDRIVER_OBJECT driver) {
    LARGE_INTEGER time;
    time.QuadPart = -600000000LL;
    KeInitializeTimer(&timer);
    KeSetTimer(&timer, time, NULL);
}
