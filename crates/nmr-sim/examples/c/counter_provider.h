/* A provider of the counter NPI. */
#ifndef COUNTER_PROVIDER_H
#define COUNTER_PROVIDER_H

#include <pthread.h>

#include "counter.h"

typedef struct COUNTER_PROVIDER {
    NPI_PROVIDER_CHARACTERISTICS characteristics;
    NPI_MODULEID module;
    HANDLE handle;
    _Atomic uint64_t counter;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;       /* whether AddSlowly answers; under lock */
    unsigned slow;   /* threads inside AddSlowly; under lock */
} COUNTER_PROVIDER;

/* DriverEntry of a driver: registers the provider, as its module number `number`. */
NTSTATUS counter_provider_load(COUNTER_PROVIDER *provider, ULONG number);

/* Unload. Returns when no client is attached any more. */
void counter_provider_unload(COUNTER_PROVIDER *provider);

/* Opens or closes the gate of AddSlowly. */
void counter_provider_gate(COUNTER_PROVIDER *provider, bool open);

/* Returns when so many threads are inside AddSlowly. */
void counter_provider_await_slow(COUNTER_PROVIDER *provider, unsigned threads);

#endif
