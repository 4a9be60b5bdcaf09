#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "counter_provider.h"
#include "rundown.h"

/* One client of this provider. */
typedef struct BINDING {
    HANDLE nmr_binding;
    COUNTER_PROVIDER *provider;
    PVOID client_context;
    const COUNTER_CLIENT_DISPATCH *client;
    RUNDOWN calls; /* into the client */
} BINDING;

/* Tells the client, unless it is going. */
static void tell(BINDING *binding, uint64_t value)
{
    if (!rundown_enter(&binding->calls)) {
        return;
    }
    binding->client->Changed(binding->client_context, value);
    HANDLE nmr_binding = binding->nmr_binding;
    if (rundown_leave(&binding->calls)) {
        NmrProviderDetachClientComplete(nmr_binding);
    }
}

static uint64_t add(PVOID provider_binding_context, uint64_t amount)
{
    BINDING *binding = provider_binding_context;
    uint64_t value = atomic_fetch_add(&binding->provider->counter, amount) + amount;
    tell(binding, value);
    return value;
}

static uint64_t add_slowly(PVOID provider_binding_context, uint64_t amount)
{
    BINDING *binding = provider_binding_context;
    COUNTER_PROVIDER *provider = binding->provider;
    pthread_mutex_lock(&provider->lock);
    provider->slow += 1;
    pthread_cond_broadcast(&provider->changed);
    while (!provider->open) {
        pthread_cond_wait(&provider->changed, &provider->lock);
    }
    provider->slow -= 1;
    pthread_mutex_unlock(&provider->lock);
    return add(binding, amount);
}

static const COUNTER_PROVIDER_DISPATCH DISPATCH = {add, add_slowly};

static NTSTATUS NTAPI attach_client(
    HANDLE nmr_binding,
    PVOID provider_context,
    PNPI_REGISTRATION_INSTANCE client_instance,
    PVOID client_binding_context,
    const VOID *client_dispatch,
    PVOID *provider_binding_context,
    const VOID **provider_dispatch)
{
    UNREFERENCED_PARAMETER(client_instance);
    BINDING *binding = calloc(1, sizeof(*binding));
    if (binding == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    binding->nmr_binding = nmr_binding;
    binding->provider = provider_context;
    binding->client_context = client_binding_context;
    binding->client = client_dispatch;
    *provider_binding_context = binding;
    *provider_dispatch = &DISPATCH;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI detach_client(PVOID provider_binding_context)
{
    BINDING *binding = provider_binding_context;
    return rundown_close(&binding->calls) ? STATUS_SUCCESS : STATUS_PENDING;
}

static VOID NTAPI cleanup(PVOID provider_binding_context)
{
    free(provider_binding_context);
}

NTSTATUS counter_provider_load(COUNTER_PROVIDER *provider, ULONG number)
{
    pthread_mutex_init(&provider->lock, NULL);
    pthread_cond_init(&provider->changed, NULL);
    atomic_init(&provider->counter, 0);
    provider->open = false;
    provider->slow = 0;
    provider->module = (NPI_MODULEID){
        .Length = sizeof(NPI_MODULEID),
        .Type = MIT_GUID,
        .Guid = {0x51d5a3b0, 0x0001, 0x4c1e, {0x9a, 0x10, 0x6f, 0x2b, 0x77, 0x0c, 0x41, 0x01}},
    };
    provider->characteristics = (NPI_PROVIDER_CHARACTERISTICS){
        .Length = sizeof(NPI_PROVIDER_CHARACTERISTICS),
        .ProviderAttachClient = attach_client,
        .ProviderDetachClient = detach_client,
        .ProviderCleanupBindingContext = cleanup,
        .ProviderRegistrationInstance =
            {
                .Size = sizeof(NPI_REGISTRATION_INSTANCE),
                .NpiId = &NPI_COUNTER_ID,
                .ModuleId = &provider->module,
                .Number = number,
            },
    };
    /* Last: clients attach before this returns. */
    return NmrRegisterProvider(&provider->characteristics, provider, &provider->handle);
}

void counter_provider_unload(COUNTER_PROVIDER *provider)
{
    if (NmrDeregisterProvider(provider->handle) == STATUS_PENDING) {
        NmrWaitForProviderDeregisterComplete(provider->handle);
    }
    pthread_cond_destroy(&provider->changed);
    pthread_mutex_destroy(&provider->lock);
}

void counter_provider_gate(COUNTER_PROVIDER *provider, bool open)
{
    pthread_mutex_lock(&provider->lock);
    provider->open = open;
    pthread_cond_broadcast(&provider->changed);
    pthread_mutex_unlock(&provider->lock);
}

void counter_provider_await_slow(COUNTER_PROVIDER *provider, unsigned threads)
{
    pthread_mutex_lock(&provider->lock);
    while (provider->slow < threads) {
        pthread_cond_wait(&provider->changed, &provider->lock);
    }
    pthread_mutex_unlock(&provider->lock);
}
