// A peer of the framework's drivers that owes nothing to the framework: client of Echo and Relay, provider of Echo and
// Relay, in C, as C modules are written: binding contexts from the pool, freed in cleanup; a count of references in each,
// under a spin lock; whoever gives up the last reference of a binding that is detached completes the detach.
//
// It is built several times:
//   PEER    its name
//   STALLS  every detach is answered STATUS_PENDING and completed 50 to 500 ms later, by a timer or by a thread
//   BLOCKS  every detach callback takes up to 50 ms
//   HOLDS   instead, detaches and calls of its Echo below DISPATCH_LEVEL take until C:\lab\release is there
//   TAKES   which roles it takes, a bit for each; all if it is not said
#include "echo_npi.h"
#include "draw.h"
#include "release.h"

#ifndef STALLS
#define STALLS 0
#endif
#ifndef BLOCKS
#define BLOCKS 0
#endif
#ifndef HOLDS
#define HOLDS 0
#endif
#ifndef TAKES
#define TAKES 0xf
#endif

#define TAG 'reeP'
#define ALIVE 0x7065657261726521ULL
#define DEAD 0xdeaddeaddeaddeadULL
#define CALLERS 3

// Its last byte tells them apart.
static const NPI_MODULEID MODULE = {
    sizeof(NPI_MODULEID), 1, {0xa4b1e6d0, 0x6d2b, 0x4f0e, {0x9f, 0x3e, 0x2f, 0x7c, 0x5f, 0x3b, 0x0b, 1 + HOLDS * 4 + STALLS * 2 + BLOCKS}}};

enum { ECHO_CLIENT, RELAY_CLIENT, ECHO_PROVIDER, RELAY_PROVIDER, ROLES };

typedef struct {
    LIST_ENTRY link;
    ULONGLONG alive;
    ULONG role;
    HANDLE nmr;
    PVOID peer;
    const VOID *table;
    LONG references;
    BOOLEAN closing, pending;
    ULONGLONG due;
    KTIMER timer;
    KDPC dpc;
} BINDING;

static KSPIN_LOCK lock;
static LIST_ENTRY bindings[ROLES];
// Bindings whose detach a thread completes.
static LIST_ENTRY stalled;
static LONG contexts;
static HANDLE registrations[ROLES];
static PVOID callers[CALLERS], staller;
static volatile LONG stopping, all_detached, released = !HOLDS;
static LONG64 echoed, relayed, not_relayed, wrong;

// 50 to 500 ms, more often short than long.
static ULONG stall_time(VOID) {
    ULONG part = draw(1000);
    return 50 + (ULONG)((ULONGLONG)part * part * part * 450 / 1000000000);
}

static VOID pause_for(ULONG milliseconds) {
    LARGE_INTEGER time;
    time.QuadPart = -10000LL * milliseconds;
    KeDelayExecutionThread(KernelMode, FALSE, &time);
}

static VOID wait_for_release(VOID) {
    while (!released && current_irql() == PASSIVE_LEVEL) {
        pause_for(5);
    }
}

static BOOLEAN is_client(const BINDING *binding) {
    return binding->role < ECHO_PROVIDER;
}

static VOID check(const BINDING *binding, PCSTR what) {
    if (binding->alive != ALIVE) {
        InterlockedIncrement64(&wrong);
        DbgPrint(PEER ": %s with a context that is not one\n", what);
    }
}

// Gives up a reference. The last one of a binding that is detached completes the detach, and is the last access.
static VOID release(BINDING *binding) {
    BOOLEAN completes, client = is_client(binding);
    HANDLE nmr = binding->nmr;
    KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
    completes = --binding->references == 0 && binding->pending;
    KeReleaseSpinLock(&lock, before);
    if (completes && client) {
        NmrClientDetachProviderComplete(nmr);
    } else if (completes) {
        NmrProviderDetachClientComplete(nmr);
    }
}

// A reference to some binding of a role, or NULL.
static BINDING *acquire(ULONG role) {
    BINDING *found = NULL;
    PLIST_ENTRY entry;
    KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
    ULONG skip = draw(8);
    for (entry = bindings[role].Flink; entry != &bindings[role]; entry = entry->Flink) {
        found = CONTAINING_RECORD(entry, BINDING, link);
        if (skip-- == 0) {
            break;
        }
    }
    if (found) {
        found->references++;
    }
    KeReleaseSpinLock(&lock, before);
    return found;
}

static VOID NTAPI stall_is_over(PKDPC dpc, PVOID context, PVOID first, PVOID second) {
    check(context, "a timer ran");
    release(context);
}

static BINDING *make(ULONG role, HANDLE nmr) {
    BINDING *binding = ExAllocatePoolWithTag(NonPagedPool, sizeof(BINDING), TAG);
    if (binding) {
        RtlZeroMemory(binding, sizeof(BINDING));
        binding->alive = ALIVE;
        binding->role = role;
        binding->nmr = nmr;
        binding->references = 1;
        KeInitializeTimer(&binding->timer);
        KeInitializeDpc(&binding->dpc, stall_is_over, binding);
        InterlockedIncrement(&contexts);
    }
    return binding;
}

static VOID NTAPI cleanup(PVOID context) {
    BINDING *binding = context;
    check(binding, "cleanup was called");
    if (binding->references != 0) {
        InterlockedIncrement64(&wrong);
        DbgPrint(PEER ": cleanup was called with %d references left\n", binding->references);
    }
    binding->alive = DEAD;
    InterlockedDecrement(&contexts);
    ExFreePoolWithTag(binding, TAG);
}

static VOID commit(BINDING *binding) {
    KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
    InsertTailList(&bindings[binding->role], &binding->link);
    KeReleaseSpinLock(&lock, before);
}

static BOOLEAN is_own(const NPI_REGISTRATION_INSTANCE *instance) {
    return instance->ModuleId && RtlCompareMemory(&instance->ModuleId->Guid, &MODULE.Guid, sizeof(GUID)) == sizeof(GUID);
}

static NTSTATUS NTAPI client_attach(HANDLE nmr, PVOID context, const NPI_REGISTRATION_INSTANCE *provider) {
    static const ULONG no_calls = 1;
    BINDING *binding;
    NTSTATUS status;
    if (is_own(provider)) {
        return STATUS_NOINTERFACE;
    }
    binding = make((ULONG)(ULONG_PTR)context, nmr);
    if (!binding) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = NmrClientAttachProvider(nmr, binding, &no_calls, &binding->peer, &binding->table);
    if (NT_SUCCESS(status)) {
        commit(binding);
    } else {
        binding->references = 0;
        cleanup(binding);
    }
    return status;
}

static NTSTATUS NTAPI detach(PVOID context) {
    BINDING *binding = context;
    KIRQL before;
    BOOLEAN idle;
    check(binding, "detach was called");
    if (BLOCKS && current_irql() == PASSIVE_LEVEL) {
        HOLDS ? wait_for_release() : pause_for(draw(50));
    }
    before = KeAcquireSpinLockRaiseToDpc(&lock);
    binding->closing = TRUE;
    RemoveEntryList(&binding->link);
    if (STALLS && !HOLDS && is_client(binding)) {
        LARGE_INTEGER time;
        time.QuadPart = -10000LL * stall_time();
        binding->references++;
        KeSetTimer(&binding->timer, time, &binding->dpc);
    } else if (STALLS) {
        binding->references++;
        binding->due = KeQueryInterruptTime() + 10000ULL * stall_time();
        InsertTailList(&stalled, &binding->link);
    }
    idle = --binding->references == 0;
    binding->pending = !idle;
    KeReleaseSpinLock(&lock, before);
    return idle ? STATUS_SUCCESS : STATUS_PENDING;
}

// Completes detaches, each at its time.
static VOID NTAPI complete_stalled(PVOID unused) {
    for (;;) {
        BINDING *due = NULL;
        PLIST_ENTRY entry;
        BOOLEAN empty;
        KIRQL before;
        released = released || release_is_there();
        before = KeAcquireSpinLockRaiseToDpc(&lock);
        empty = IsListEmpty(&stalled);
        for (entry = stalled.Flink; entry != &stalled && !due; entry = entry->Flink) {
            BINDING *binding = CONTAINING_RECORD(entry, BINDING, link);
            if (HOLDS ? released : binding->due <= KeQueryInterruptTime()) {
                due = binding;
                RemoveEntryList(entry);
            }
        }
        KeReleaseSpinLock(&lock, before);
        if (due) {
            release(due);
        } else if (empty && all_detached) {
            return;
        } else {
            pause_for(5);
        }
    }
}

static ULONGLONG NTAPI serve_echo(PVOID context, ULONGLONG value) {
    check(context, "echo was called");
    wait_for_release();
    return value;
}

static NTSTATUS NTAPI serve_relay(PVOID context, ULONGLONG value, ULONGLONG *result) {
    check(context, "relay was called");
    *result = value;
    return STATUS_SUCCESS;
}

static const ECHO_TABLE echo_table = {1, sizeof(ECHO_TABLE), serve_echo};
static const RELAY_TABLE relay_table = {1, sizeof(RELAY_TABLE), serve_relay};

static NTSTATUS NTAPI provider_attach(HANDLE nmr, PVOID context, const NPI_REGISTRATION_INSTANCE *client, PVOID client_context,
                                      const VOID *client_table, PVOID *own_context, const VOID **own_table) {
    ULONG role = (ULONG)(ULONG_PTR)context;
    BINDING *binding;
    if (is_own(client)) {
        return STATUS_NOINTERFACE;
    }
    binding = make(role, nmr);
    if (!binding) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *own_context = binding;
    *own_table = role == ECHO_PROVIDER ? (const VOID *)&echo_table : (const VOID *)&relay_table;
    commit(binding);
    return STATUS_SUCCESS;
}

static VOID call(BINDING *binding, ULONGLONG value) {
    if (binding->role == ECHO_CLIENT) {
        const ECHO_TABLE *table = binding->table;
        InterlockedIncrement64(table->call(binding->peer, value) == value ? &echoed : &wrong);
    } else {
        const RELAY_TABLE *table = binding->table;
        ULONGLONG result = 0;
        NTSTATUS status = table->call(binding->peer, value, &result);
        InterlockedIncrement64(!NT_SUCCESS(status) ? &not_relayed : result == value ? &relayed : &wrong);
    }
}

// Calls peers: one thread many times under one reference, one with a pause under it, one at DISPATCH_LEVEL.
static VOID NTAPI call_peers(PVOID context) {
    ULONG kind = (ULONG)(ULONG_PTR)context, value = 0;
    while (!stopping) {
        BINDING *binding = acquire(draw(2) ? ECHO_CLIENT : RELAY_CLIENT);
        if (binding) {
            KIRQL before = kind == 2 ? raise_irql(DISPATCH_LEVEL) : PASSIVE_LEVEL;
            for (ULONG count = 0; count < 50 && !binding->closing; count++) {
                call(binding, value++);
            }
            if (kind == 2) {
                lower_irql(before);
            } else if (kind == 1) {
                pause_for(draw(4));
                call(binding, value++);
            }
            release(binding);
        }
        pause_for(1);
    }
}

static NPI_CLIENT_CHARACTERISTICS clients[2];
static NPI_PROVIDER_CHARACTERISTICS providers[2];

static NTSTATUS register_role(ULONG role) {
    const GUID *npi = role == ECHO_CLIENT || role == ECHO_PROVIDER ? &ECHO : &RELAY;
    NPI_REGISTRATION_INSTANCE instance = {0, sizeof(instance), npi, &MODULE, 0, NULL};
    PVOID context = (PVOID)(ULONG_PTR)role;
    if (role < ECHO_PROVIDER) {
        NPI_CLIENT_CHARACTERISTICS made = {0, sizeof(made), client_attach, detach, cleanup, instance};
        clients[role] = made;
        return NmrRegisterClient(&clients[role], context, &registrations[role]);
    } else {
        NPI_PROVIDER_CHARACTERISTICS made = {0, sizeof(made), provider_attach, detach, cleanup, instance};
        providers[role - ECHO_PROVIDER] = made;
        return NmrRegisterProvider(&providers[role - ECHO_PROVIDER], context, &registrations[role]);
    }
}

static PVOID start_thread(PKSTART_ROUTINE routine, PVOID context) {
    HANDLE handle;
    PVOID thread = NULL;
    if (NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, context))) {
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
        ZwClose(handle);
    }
    return thread;
}

static VOID join_thread(PVOID thread) {
    if (thread) {
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(thread);
    }
}

static VOID NTAPI unload(PDRIVER_OBJECT driver) {
    NTSTATUS status[ROLES];
    for (LONG role = ROLES - 1; role >= 0; role--) {
        status[role] = !registrations[role]   ? STATUS_SUCCESS
                       : role < ECHO_PROVIDER ? NmrDeregisterClient(registrations[role]) : NmrDeregisterProvider(registrations[role]);
    }
    for (LONG role = ROLES - 1; role >= 0; role--) {
        if (status[role] == STATUS_PENDING) {
            status[role] = role < ECHO_PROVIDER ? NmrWaitForClientDeregisterComplete(registrations[role])
                                                : NmrWaitForProviderDeregisterComplete(registrations[role]);
        }
        if (status[role] != STATUS_SUCCESS) {
            InterlockedIncrement64(&wrong);
        }
    }
    // Only now, so that the calls of these threads are in flight while the bindings go.
    stopping = 1;
    all_detached = 1;
    for (ULONG index = 0; index < CALLERS; index++) {
        join_thread(callers[index]);
    }
    join_thread(staller);
    KeFlushQueuedDpcs();
    if (contexts != 0) {
        wrong++;
        DbgPrint(PEER ": %d contexts are left\n", contexts);
    }
    DbgPrint(PEER ": stop: echoed %I64d relayed %I64d not_relayed %I64d wrong %I64d\n", echoed, relayed, not_relayed, wrong);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
    driver->DriverUnload = unload;
    InitializeListHead(&stalled);
    for (ULONG role = 0; role < ROLES; role++) {
        InitializeListHead(&bindings[role]);
    }
    staller = start_thread(complete_stalled, NULL);
    for (ULONG index = 0; index < CALLERS; index++) {
        callers[index] = start_thread(call_peers, (PVOID)(ULONG_PTR)index);
    }
    for (ULONG role = 0; role < ROLES; role++) {
        if (TAKES >> role & 1 && !NT_SUCCESS(register_role(role))) {
            wrong++;
        }
    }
    return STATUS_SUCCESS;
}
