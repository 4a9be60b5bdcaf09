/*
 * A module with hooks for what a test wants it to do. Without hooks it accepts every offer, detaches at once, and frees
 * its binding context in cleanup.
 */
#ifndef MODULE_H
#define MODULE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "netioddk.h"
#include "nmr_sim.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static const NPIID TEST_NPI = {0x3a9f1c77, 0x52d0, 0x4b8e, {0x91, 0x4c, 0x0e, 0x6a, 0xd7, 0x25, 0xb3, 0x48}};

/* One binding of a module: its binding context. */
typedef struct BOUND {
    struct MODULE *module;
    HANDLE handle;
    PVOID peer;
    const VOID *peer_dispatch;
    NTSTATUS answer; /* of NmrClientAttachProvider, for a client */
} BOUND;

typedef struct MODULE {
    bool is_client;
    NTSTATUS (*attach)(BOUND *bound); /* for a client after NmrClientAttachProvider has succeeded */
    NTSTATUS (*offered)(struct MODULE *module, HANDLE handle); /* for a client instead of all that */
    NTSTATUS (*detach)(BOUND *bound);
    void (*cleanup)(BOUND *bound);
    const VOID *dispatch;
    NPI_MODULEID id;
    NPI_CLIENT_CHARACTERISTICS client;
    NPI_PROVIDER_CHARACTERISTICS provider;
    HANDLE handle;
    _Atomic(HANDLE) last; /* the handle of the last binding */
    atomic_int attached, detached, cleaned;
} MODULE;

static inline BOUND *module_bind(MODULE *module, HANDLE handle)
{
    BOUND *bound = calloc(1, sizeof(*bound));
    CHECK(bound != NULL);
    bound->module = module;
    bound->handle = handle;
    atomic_store(&module->last, handle);
    return bound;
}

static inline NTSTATUS NTAPI module_attach_provider(
    HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE instance)
{
    MODULE *module = context;
    CHECK(instance != NULL);
    if (module->offered != NULL) {
        return module->offered(module, handle);
    }
    BOUND *bound = module_bind(module, handle);
    NTSTATUS status =
        NmrClientAttachProvider(handle, bound, module->dispatch, &bound->peer, &bound->peer_dispatch);
    bound->answer = status;
    if (!NT_SUCCESS(status)) {
        free(bound);
        return status;
    }
    atomic_fetch_add(&module->attached, 1);
    return module->attach != NULL ? module->attach(bound) : status;
}

static inline NTSTATUS NTAPI module_attach_client(
    HANDLE handle,
    PVOID context,
    PNPI_REGISTRATION_INSTANCE instance,
    PVOID peer,
    const VOID *peer_dispatch,
    PVOID *own,
    const VOID **own_dispatch)
{
    MODULE *module = context;
    CHECK(instance != NULL);
    BOUND *bound = module_bind(module, handle);
    bound->peer = peer;
    bound->peer_dispatch = peer_dispatch;
    *own = bound;
    *own_dispatch = module->dispatch;
    NTSTATUS status = module->attach != NULL ? module->attach(bound) : STATUS_SUCCESS;
    if (NT_SUCCESS(status)) {
        atomic_fetch_add(&module->attached, 1);
    } else {
        free(bound);
    }
    return status;
}

static inline NTSTATUS NTAPI module_detach(PVOID context)
{
    BOUND *bound = context;
    atomic_fetch_add(&bound->module->detached, 1);
    return bound->module->detach != NULL ? bound->module->detach(bound) : STATUS_SUCCESS;
}

static inline VOID NTAPI module_cleanup(PVOID context)
{
    BOUND *bound = context;
    MODULE *module = bound->module;
    if (module->cleanup != NULL) {
        module->cleanup(bound);
    }
    free(bound);
    atomic_fetch_add(&module->cleaned, 1);
}

/* Fills everything in but the hooks. */
static inline void module_init(MODULE *module, bool is_client)
{
    static atomic_uint last_id;
    module->is_client = is_client;
    module->id.Length = sizeof(module->id);
    module->id.Type = MIT_GUID;
    module->id.Guid = TEST_NPI;
    module->id.Guid.Data1 = atomic_fetch_add(&last_id, 1) + 1;
    NPI_REGISTRATION_INSTANCE instance = {0};
    instance.Size = sizeof(instance);
    instance.NpiId = &TEST_NPI;
    instance.ModuleId = &module->id;
    module->client.Length = sizeof(module->client);
    module->client.ClientAttachProvider = module_attach_provider;
    module->client.ClientDetachProvider = module_detach;
    module->client.ClientCleanupBindingContext = module_cleanup;
    module->client.ClientRegistrationInstance = instance;
    module->provider.Length = sizeof(module->provider);
    module->provider.ProviderAttachClient = module_attach_client;
    module->provider.ProviderDetachClient = module_detach;
    module->provider.ProviderCleanupBindingContext = module_cleanup;
    module->provider.ProviderRegistrationInstance = instance;
}

static inline NTSTATUS module_register(MODULE *module)
{
    return module->is_client ? NmrRegisterClient(&module->client, module, &module->handle)
                             : NmrRegisterProvider(&module->provider, module, &module->handle);
}

static inline NTSTATUS module_deregister(MODULE *module)
{
    return module->is_client ? NmrDeregisterClient(module->handle) : NmrDeregisterProvider(module->handle);
}

static inline NTSTATUS module_wait(MODULE *module)
{
    return module->is_client ? NmrWaitForClientDeregisterComplete(module->handle)
                             : NmrWaitForProviderDeregisterComplete(module->handle);
}

static inline void module_take_down(MODULE *module)
{
    CHECK(module_deregister(module) == STATUS_PENDING);
    CHECK(module_wait(module) == STATUS_SUCCESS);
}

/* Completes the detach of the binding that the module knows as `handle`. */
static inline void module_complete(MODULE *module, HANDLE handle)
{
    if (module->is_client) {
        NmrClientDetachProviderComplete(handle);
    } else {
        NmrProviderDetachClientComplete(handle);
    }
}

#endif
