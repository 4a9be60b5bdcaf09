// Waits for four objects without bringing wait blocks, on which Windows stops.
// expect: driver=waits-for-many\.sys .* text=waits for 4 objects without wait blocks
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KEVENT event;
    PVOID objects[4] = {&event, &event, &event, &event};
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}
