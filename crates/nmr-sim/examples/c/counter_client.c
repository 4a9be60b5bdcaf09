#include <stdatomic.h>
#include <stdlib.h>

#include "counter_client.h"
#include "rundown.h"

enum { MOST_BINDINGS = 16 };

/* One provider that this client is attached to. */
typedef struct CLIENT_BINDING {
    struct CLIENT_BINDING *next;
    HANDLE nmr_binding;
    COUNTER_CLIENT *client;
    PVOID provider_context;
    const COUNTER_PROVIDER_DISPATCH *provider;
    RUNDOWN calls; /* into the provider */
} CLIENT_BINDING;

static void changed(PVOID client_binding_context, uint64_t value)
{
    CLIENT_BINDING *binding = client_binding_context;
    UNREFERENCED_PARAMETER(value);
    atomic_fetch_add(&binding->client->told, 1);
}

static const COUNTER_CLIENT_DISPATCH DISPATCH = {changed};

static NTSTATUS NTAPI attach_provider(
    HANDLE nmr_binding, PVOID client_context, PNPI_REGISTRATION_INSTANCE provider_instance)
{
    COUNTER_CLIENT *client = client_context;
    UNREFERENCED_PARAMETER(provider_instance);
    CLIENT_BINDING *binding = calloc(1, sizeof(*binding));
    if (binding == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    binding->nmr_binding = nmr_binding;
    binding->client = client;
    const VOID *provider = NULL;
    NTSTATUS status =
        NmrClientAttachProvider(nmr_binding, binding, &DISPATCH, &binding->provider_context, &provider);
    if (!NT_SUCCESS(status)) {
        /* No cleanup follows an attachment that failed. */
        free(binding);
        return status;
    }
    binding->provider = provider;
    pthread_mutex_lock(&client->lock);
    binding->next = client->bindings;
    client->bindings = binding;
    pthread_mutex_unlock(&client->lock);
    return status;
}

static NTSTATUS NTAPI detach_provider(PVOID client_binding_context)
{
    CLIENT_BINDING *binding = client_binding_context;
    COUNTER_CLIENT *client = binding->client;
    pthread_mutex_lock(&client->lock);
    CLIENT_BINDING **place = &client->bindings;
    while (*place != binding) {
        place = &(*place)->next;
    }
    *place = binding->next;
    pthread_mutex_unlock(&client->lock);
    /* Whoever found it in the list before has entered. */
    if (rundown_close(&binding->calls)) {
        return STATUS_SUCCESS;
    }
    /* The binding may be gone already: the last call may have completed. */
    atomic_fetch_add(&client->pended, 1);
    return STATUS_PENDING;
}

static VOID NTAPI cleanup(PVOID client_binding_context)
{
    free(client_binding_context);
}

unsigned counter_client_add(COUNTER_CLIENT *client, uint64_t amount, bool slowly)
{
    /* Protected under the lock, called outside it. */
    CLIENT_BINDING *found[MOST_BINDINGS];
    unsigned count = 0;
    pthread_mutex_lock(&client->lock);
    for (CLIENT_BINDING *binding = client->bindings; binding != NULL && count < MOST_BINDINGS; binding = binding->next) {
        if (rundown_enter(&binding->calls)) {
            found[count++] = binding;
        }
    }
    pthread_mutex_unlock(&client->lock);
    for (unsigned index = 0; index < count; index++) {
        CLIENT_BINDING *binding = found[index];
        if (slowly) {
            binding->provider->AddSlowly(binding->provider_context, amount);
        } else {
            binding->provider->Add(binding->provider_context, amount);
        }
        HANDLE nmr_binding = binding->nmr_binding;
        if (rundown_leave(&binding->calls)) {
            NmrClientDetachProviderComplete(nmr_binding);
        }
    }
    return count;
}

NTSTATUS counter_client_load(COUNTER_CLIENT *client)
{
    pthread_mutex_init(&client->lock, NULL);
    client->bindings = NULL;
    atomic_init(&client->told, 0);
    atomic_init(&client->pended, 0);
    client->module = (NPI_MODULEID){
        .Length = sizeof(NPI_MODULEID),
        .Type = MIT_GUID,
        .Guid = {0x51d5a3b0, 0x0002, 0x4c1e, {0x9a, 0x10, 0x6f, 0x2b, 0x77, 0x0c, 0x41, 0x02}},
    };
    client->characteristics = (NPI_CLIENT_CHARACTERISTICS){
        .Length = sizeof(NPI_CLIENT_CHARACTERISTICS),
        .ClientAttachProvider = attach_provider,
        .ClientDetachProvider = detach_provider,
        .ClientCleanupBindingContext = cleanup,
        .ClientRegistrationInstance =
            {
                .Size = sizeof(NPI_REGISTRATION_INSTANCE),
                .NpiId = &NPI_COUNTER_ID,
                .ModuleId = &client->module,
            },
    };
    return NmrRegisterClient(&client->characteristics, client, &client->handle);
}

NTSTATUS counter_client_deregister(COUNTER_CLIENT *client)
{
    return NmrDeregisterClient(client->handle);
}

void counter_client_wait(COUNTER_CLIENT *client)
{
    NmrWaitForClientDeregisterComplete(client->handle);
    pthread_mutex_destroy(&client->lock);
}

void counter_client_unload(COUNTER_CLIENT *client)
{
    if (counter_client_deregister(client) == STATUS_PENDING) {
        counter_client_wait(client);
    }
}
