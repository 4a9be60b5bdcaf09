// What every probe is made of: DriverEntry and Unload around probe_start and probe_stop.
//
// A probe is a driver that does one thing wrong. The comment at the head of each file says what, and how it shows:
//
//   expect: <pattern>        a violation that the lab must report; any other is a failure
//   line: <pattern>          a line that must be in the log; several in this order
//   before stop: <pattern>   a line that is waited for before the stop is asked for
//   crash                    the machine does not survive it
#include <ntddk.h>

#define TAG 'borP'

// Imports that the headers hide behind inline functions, which read a processor register that Wine does not have.
KIRQL raise_irql(KIRQL level) __asm__("KfRaiseIrql");
VOID lower_irql(KIRQL level) __asm__("KeLowerIrql");
KIRQL current_irql(VOID) __asm__("KeGetCurrentIrql");
ULONG processor_number(PPROCESSOR_NUMBER number) __asm__("KeGetCurrentProcessorNumberEx");
NTSTATUS processor_from_index(ULONG index, PPROCESSOR_NUMBER number) __asm__("KeGetProcessorNumberFromIndex");
NTSTATUS target_dpc(PKDPC dpc, PPROCESSOR_NUMBER number) __asm__("KeSetTargetProcessorDpcEx");
VOID stall(ULONG microseconds) __asm__("KeStallExecutionProcessor");

static DRIVER_UNLOAD unload;
static VOID probe_start(PDRIVER_OBJECT driver);
static VOID probe_stop(PDRIVER_OBJECT driver);

// Sleeps. PASSIVE_LEVEL.
static inline VOID pause_for(ULONG milliseconds) {
    LARGE_INTEGER time;
    time.QuadPart = -10000LL * milliseconds;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

// The routine of this name, as drivers find one that older systems lack.
static inline PVOID routine(PCWSTR name) {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, name);
    return MmGetSystemRoutineAddress(&text);
}

// Starts a thread and gives its object.
static inline PVOID start_thread(PKSTART_ROUTINE begin, PVOID context) {
    HANDLE handle;
    PVOID thread = NULL;
    if (NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, begin, context))) {
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
        ZwClose(handle);
    }
    return thread;
}

// Waits until a thread has ended.
static inline VOID join_thread(PVOID thread) {
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver) {
    probe_stop(driver);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
    UNREFERENCED_PARAMETER(path);
    driver->DriverUnload = unload;
    probe_start(driver);
    return STATUS_SUCCESS;
}

// For probes that go wrong at one end only.
#define NOTHING_AT_START static VOID probe_start(PDRIVER_OBJECT driver) { UNREFERENCED_PARAMETER(driver); }
#define NOTHING_AT_STOP static VOID probe_stop(PDRIVER_OBJECT driver) { UNREFERENCED_PARAMETER(driver); }
