/* A client of the counter NPI: attaches to every provider. */
#ifndef COUNTER_CLIENT_H
#define COUNTER_CLIENT_H

#include <pthread.h>
#include <stdbool.h>

#include "counter.h"

typedef struct COUNTER_CLIENT {
    NPI_CLIENT_CHARACTERISTICS characteristics;
    NPI_MODULEID module;
    HANDLE handle;
    pthread_mutex_t lock;
    struct CLIENT_BINDING *bindings; /* those that calls may begin on; under lock */
    _Atomic uint64_t told;           /* how often a provider has told this client */
    _Atomic uint64_t pended;         /* how many detaches had to wait for a call */
} COUNTER_CLIENT;

/* DriverEntry of a driver: registers the client. */
NTSTATUS counter_client_load(COUNTER_CLIENT *client);

/* Unload. Returns when no provider is attached any more. */
void counter_client_unload(COUNTER_CLIENT *client);

/* The first half of unloading only, and the second: for one who unloads several. */
NTSTATUS counter_client_deregister(COUNTER_CLIENT *client);
void counter_client_wait(COUNTER_CLIENT *client);

/* Adds through each provider that is attached, and answers how many there were. */
unsigned counter_client_add(COUNTER_CLIENT *client, uint64_t amount, bool slowly);

#endif
