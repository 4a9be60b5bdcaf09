/*
 * Threads that pass whatever they have for handles to every function: random values, freed handles, handles of other
 * kinds, NULL, misaligned ones. Nothing may crash or hang, and in a new world everything works. The arguments are a seed
 * and how often each thread calls.
 */
#include "module.h"

enum { THREADS = 4, VICTIMS = 4, KNOWN = 64 };

/* Handles that were good once, or still are. */
static _Atomic(HANDLE) registrations[KNOWN], bindings[KNOWN];
static MODULE victims[VICTIMS];
static uint64_t calls;

static uint64_t next(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static HANDLE some_handle(uint64_t *state)
{
    _Atomic(HANDLE) *known = next(state) % 2 == 0 ? registrations : bindings;
    uintptr_t good = (uintptr_t)atomic_load(&known[next(state) % KNOWN]);
    switch (next(state) % 8) {
    case 0:
        return NULL;
    case 1:
        return (HANDLE)(uintptr_t)next(state);
    case 2:
        return (HANDLE)(good ^ (uintptr_t)1 << next(state) % 64);
    case 3:
        return (HANDLE)(good + next(state) % 16);
    case 4:
        return (HANDLE)(uintptr_t)(next(state) % 65536);
    case 5:
        return &known[next(state) % KNOWN];
    default:
        return (HANDLE)good;
    }
}

static void call(uint64_t *state)
{
    HANDLE handle = some_handle(state);
    PVOID context;
    const VOID *dispatch;
    switch (next(state) % 7) {
    case 0:
        NmrDeregisterClient(handle);
        break;
    case 1:
        NmrDeregisterProvider(handle);
        break;
    case 2:
        NmrWaitForClientDeregisterComplete(handle);
        break;
    case 3:
        NmrWaitForProviderDeregisterComplete(handle);
        break;
    case 4:
        NmrClientAttachProvider(handle, NULL, NULL, &context, &dispatch);
        break;
    case 5:
        NmrClientDetachProviderComplete(handle);
        break;
    default:
        NmrProviderDetachClientComplete(handle);
        break;
    }
}

static void *fuzz(void *seed)
{
    uint64_t state = *(uint64_t *)seed;
    for (uint64_t index = 0; index < calls; index++) {
        if (next(&state) % 16 == 0) {
            /* Somebody to be hit. Its callbacks touch nothing that is ever freed. */
            HANDLE handle;
            MODULE *victim = &victims[next(&state) % VICTIMS];
            NTSTATUS status = victim->is_client ? NmrRegisterClient(&victim->client, victim, &handle)
                                                : NmrRegisterProvider(&victim->provider, victim, &handle);
            CHECK(status == STATUS_SUCCESS);
            /* Whoever was there before goes, if it is a registration and has not gone yet. */
            HANDLE before = atomic_exchange(&registrations[next(&state) % KNOWN], handle);
            if (NmrDeregisterClient(before) == STATUS_PENDING) {
                NmrWaitForClientDeregisterComplete(before);
            } else if (NmrDeregisterProvider(before) == STATUS_PENDING) {
                NmrWaitForProviderDeregisterComplete(before);
            }
        }
        call(&state);
    }
    return NULL;
}

static NTSTATUS accept_with_nothing(MODULE *module, HANDLE handle)
{
    PVOID peer;
    const VOID *dispatch;
    atomic_store(&bindings[atomic_fetch_add(&module->attached, 1) % KNOWN], handle);
    return NmrClientAttachProvider(handle, module, NULL, &peer, &dispatch);
}

static NTSTATUS NTAPI accept_client(
    HANDLE handle,
    PVOID context,
    PNPI_REGISTRATION_INSTANCE instance,
    PVOID peer,
    const VOID *peer_dispatch,
    PVOID *own,
    const VOID **own_dispatch)
{
    UNREFERENCED_PARAMETER(instance);
    UNREFERENCED_PARAMETER(peer);
    UNREFERENCED_PARAMETER(peer_dispatch);
    MODULE *module = context;
    atomic_store(&bindings[atomic_fetch_add(&module->attached, 1) % KNOWN], handle);
    *own = module;
    *own_dispatch = NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI detach_at_once(PVOID module)
{
    atomic_fetch_add(&((MODULE *)module)->detached, 1);
    return STATUS_SUCCESS;
}

static void make_victims(void)
{
    for (int index = 0; index < VICTIMS; index++) {
        MODULE *victim = &victims[index];
        module_init(victim, index % 2 == 0);
        victim->offered = accept_with_nothing;
        victim->client.ClientDetachProvider = detach_at_once;
        victim->client.ClientCleanupBindingContext = NULL;
        victim->provider.ProviderAttachClient = accept_client;
        victim->provider.ProviderDetachClient = detach_at_once;
        victim->provider.ProviderCleanupBindingContext = NULL;
    }
}

int main(int count, char **arguments)
{
    CHECK(count == 3);
    uint64_t state = strtoull(arguments[1], NULL, 10);
    calls = strtoull(arguments[2], NULL, 10);
    make_victims();
    CHECK(nmr_sim_set("on-violation", "count") == STATUS_SUCCESS);
    pthread_t threads[THREADS];
    uint64_t seeds[THREADS];
    for (int index = 0; index < THREADS; index++) {
        seeds[index] = next(&state);
        CHECK(pthread_create(&threads[index], NULL, fuzz, &seeds[index]) == 0);
    }
    for (int index = 0; index < THREADS; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
    }
    CHECK(nmr_sim_violations("unknown-handle") > 0 && nmr_sim_violations("wrong-kind-of-handle") > 0);
    nmr_sim_reset();
    MODULE client = {0}, provider = {0};
    module_init(&client, true);
    module_init(&provider, false);
    CHECK(module_register(&client) == STATUS_SUCCESS && module_register(&provider) == STATUS_SUCCESS);
    module_take_down(&client);
    module_take_down(&provider);
    CHECK(client.cleaned == 1 && provider.cleaned == 1 && nmr_sim_violations(NULL) == 0);
    puts("ended");
    return 0;
}
