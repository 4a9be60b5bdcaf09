// Calls NMR where it must not be called.
// expect: driver=registers-at-dispatch\.sys .* routine=NmrRegisterClient irql=DISPATCH_LEVEL limit=<=PASSIVE_LEVEL$
// expect: driver=registers-at-dispatch\.sys .* routine=NmrWaitForClientDeregisterComplete irql=DISPATCH_LEVEL limit=<=APC_LEVEL$
#include "probe.h"

__declspec(dllimport) NTSTATUS NTAPI NmrRegisterClient(PVOID characteristics, PVOID context, PHANDLE handle);
__declspec(dllimport) NTSTATUS NTAPI NmrWaitForClientDeregisterComplete(HANDLE handle);

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    KIRQL before = raise_irql(DISPATCH_LEVEL);
    NmrRegisterClient(NULL, NULL, NULL);
    NmrWaitForClientDeregisterComplete(NULL);
    lower_irql(before);
}
