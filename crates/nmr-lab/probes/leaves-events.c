// Is unloaded with an event provider registered, and writes with and unregisters one that is not.
// expect: driver=leaves-events\.sys .* text=writes an event for a provider that is not registered$
// expect: driver=leaves-events\.sys .* text=unregisters an event provider that is not registered$
// expect: driver=leaves-events\.sys .* text=is unloaded with 1 event providers registered$
#include "events.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    ULONGLONG handle;
    DESCRIPTOR descriptor = {0};
    ((REGISTER)routine(L"EtwRegister"))(&PROVIDER, NULL, NULL, &handle);
    ((WRITE)routine(L"EtwWriteTransfer"))(handle + 1, &descriptor, NULL, NULL, 0, NULL);
    ((UNREGISTER)routine(L"EtwUnregister"))(handle + 1);
}
