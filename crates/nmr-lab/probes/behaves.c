// Uses most of what the lab checks, and does nothing wrong.
// line: ^behaves: 2 processors, an administrator: 1$
// line: ^behaves: while its processor was held 0 DPCs ran, then 2, at level 2, on processors 0 and 1$
// line: ^behaves: the timer's DPC ran, cancelled 0$
// line: ^behaves: tracing was enabled at level 255$
// line: ^nmr-lab: event provider=Probe level=4 keyword=0x8 event=Seen count=7$
// line: ^behaves: rundown 1, then 0$
// line: ^nmr-lab: unloaded driver=behaves\.sys blocks=3 leaked=0$
#include "events.h"

BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN token);
ULONG active_processors(USHORT group) __asm__("KeQueryActiveProcessorCountEx");

static volatile LONG ran;
static volatile LONG levels[2];
static volatile LONG numbers[2];
static UCHAR enabled_level;

static VOID NTAPI count(PKDPC dpc, PVOID context, PVOID first, PVOID second) {
    ULONG_PTR index = (ULONG_PTR)context;
    levels[index] = current_irql();
    numbers[index] = processor_number(NULL);
    InterlockedIncrement(&ran);
}

static VOID dpcs(VOID) {
    KDPC dpc[2];
    PROCESSOR_NUMBER number;
    KIRQL before;
    LONG while_held;
    ULONG own;
    for (ULONG_PTR index = 0; index < 2; index++) {
        KeInitializeDpc(&dpc[index], count, (PVOID)index);
        processor_from_index((ULONG)index, &number);
        target_dpc(&dpc[index], &number);
    }
    before = raise_irql(DISPATCH_LEVEL);
    own = processor_number(NULL);
    KeInsertQueueDpc(&dpc[own], NULL, NULL);
    stall(30000);
    while_held = ran;
    lower_irql(before);
    KeInsertQueueDpc(&dpc[1 - own], NULL, NULL);
    KeFlushQueuedDpcs();
    DbgPrint("behaves: while its processor was held %d DPCs ran, then %d, at level %d, on processors %d and %d\n",
             while_held, ran, levels[0] & levels[1], numbers[0], numbers[1]);
}

static VOID timers(VOID) {
    KTIMER timer;
    KDPC dpc;
    LARGE_INTEGER time;
    ran = 0;
    time.QuadPart = -100000;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count, NULL);
    KeSetTimer(&timer, time, &dpc);
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    DbgPrint("behaves: the timer's DPC %s, cancelled %d\n", ran == 1 ? "ran" : "did not run", KeCancelTimer(&timer));
}

static VOID NTAPI enabled(const GUID *source, ULONG code, UCHAR level, ULONGLONG any, ULONGLONG all, PVOID filter, PVOID context) {
    if (code == 1) {
        enabled_level = level;
    }
}

static VOID events(VOID) {
    static const CHAR traits[] = "\x08\0Probe";
    static const CHAR metadata[] = "\x0f\0\0Seen\0count\0\x08";
    ULONG value = 7;
    ULONGLONG handle;
    DESCRIPTOR descriptor = {0, 0, 11, 4, 0, 0, 8};
    DATA data[3] = {{(ULONG_PTR)traits, sizeof(traits), 2}, {(ULONG_PTR)metadata, sizeof(metadata) - 1, 1}, {(ULONG_PTR)&value, 4, 0}};
    ((REGISTER)routine(L"EtwRegister"))(&PROVIDER, enabled, NULL, &handle);
    DbgPrint("behaves: tracing was enabled at level %d\n", enabled_level);
    ((SET_INFORMATION)routine(L"EtwSetInformation"))(handle, 2, traits, sizeof(traits));
    ((WRITE)routine(L"EtwWriteTransfer"))(handle, &descriptor, NULL, NULL, 3, data);
    ((UNREGISTER)routine(L"EtwUnregister"))(handle);
}

static VOID rundown(VOID) {
    EX_RUNDOWN_REF reference;
    BOOLEAN before;
    ExInitializeRundownProtection(&reference);
    before = ExAcquireRundownProtection(&reference);
    ExReleaseRundownProtection(&reference);
    ExWaitForRundownProtectionRelease(&reference);
    DbgPrint("behaves: rundown %d, then %d\n", before, ExAcquireRundownProtection(&reference));
}

static VOID pool(VOID) {
    PVOID(NTAPI * allocate)(ULONGLONG, SIZE_T, ULONG) = routine(L"ExAllocatePool2");
    PUCHAR block = allocate(0x40, 100, TAG);
    if (block[0] != 0 || block[99] != 0) {
        DbgPrint("behaves: ExAllocatePool2 gave out what is not zero\n");
    }
    ExFreePoolWithTag(block, TAG);
    block = ExAllocatePoolWithTag(NonPagedPool, 5000, TAG);
    RtlFillMemory(block, 5000, 1);
    ExFreePool(block);
    ExFreePoolWithTag(ExAllocatePoolWithTag(PagedPool, 0, TAG), 0);
}

static VOID NTAPI thread(PVOID context) {
    KSPIN_LOCK lock = 0;
    KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
    KeReleaseSpinLock(&lock, before);
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID probe_start(PDRIVER_OBJECT driver) {
    DbgPrint("behaves: %d processors, an administrator: %d\n", active_processors(0), SeTokenIsAdmin(NULL));
    join_thread(start_thread(thread, NULL));
    dpcs();
    timers();
    events();
    rundown();
    pool();
}

NOTHING_AT_STOP
