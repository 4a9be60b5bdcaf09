// Opens a device while its driver stops: it is refused, as on Windows. No violation.
// line: ^opens-late: read: 0x00000000$
// line: ^nmr-lab: refused driver=opens-late\.sys text=opened after its stop was asked for$
// line: ^opens-late: read late: 0xc000000e$
// before stop: ^opens-late: read: 
#include "device.h"

#define NAME L"\\Device\\OpensLate"

static VOID NTAPI opens(PVOID context) {
    HANDLE handle;
    IO_STATUS_BLOCK status;
    CHAR byte;
    // In Wine the open itself succeeds, whatever the driver answers; what it opens is good for nothing.
    if (NT_SUCCESS(open_device(NAME, &handle))) {
        NTSTATUS read = ZwReadFile(handle, NULL, NULL, NULL, &status, &byte, 1, NULL, NULL);
        DbgPrint("opens-late: read%s: 0x%08x\n", (PCHAR)context, read);
        ZwClose(handle);
    }
}

static PVOID thread;

static VOID probe_start(PDRIVER_OBJECT driver) {
    make_device(driver, NAME);
    thread = start_thread(opens, "");
}

static VOID probe_stop(PDRIVER_OBJECT driver) {
    join_thread(thread);
    join_thread(start_thread(opens, " late"));
    IoDeleteDevice(device);
}
