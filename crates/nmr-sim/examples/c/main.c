/*
 * Two clients and two providers of one NPI, each attached to both on the other side, called from four threads while
 * providers come and go; then a detach that has to wait for a call in progress. Every module is taken down as a driver
 * would do it in Unload, and at the end nothing is left and no rule was broken.
 */
#define INITGUID
#include "counter_client.h"
#include "counter_provider.h"
#include "nmr_sim.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { CALLERS = 4, ROUNDS = 25 };

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

static COUNTER_PROVIDER providers[2];
static COUNTER_CLIENT clients[2];
static atomic_bool stop;
static _Atomic uint64_t calls;

static void *call_until_stopped(void *client)
{
    while (!atomic_load(&stop)) {
        atomic_fetch_add(&calls, counter_client_add(client, 1, false));
    }
    return NULL;
}

static void *call_slowly(void *client)
{
    CHECK(counter_client_add(client, 1, true) == 1);
    return NULL;
}

/* Calls on four threads, while one provider comes and goes. */
static void churn(void)
{
    pthread_t callers[CALLERS];
    atomic_store(&stop, false);
    for (int index = 0; index < CALLERS; index++) {
        CHECK(pthread_create(&callers[index], NULL, call_until_stopped, &clients[index % 2]) == 0);
    }
    for (int round = 0; round < ROUNDS; round++) {
        counter_provider_unload(&providers[1]);
        CHECK(nmr_sim_bindings() == 2);
        CHECK(NT_SUCCESS(counter_provider_load(&providers[1], 1)));
        CHECK(nmr_sim_bindings() == 4);
    }
    atomic_store(&stop, true);
    for (int index = 0; index < CALLERS; index++) {
        CHECK(pthread_join(callers[index], NULL) == 0);
    }
}

/* A client is deregistered while a call of it is in the provider: its detach pends until the call has ended. */
static void pend(void)
{
    pthread_t caller;
    CHECK(pthread_create(&caller, NULL, call_slowly, &clients[0]) == 0);
    counter_provider_await_slow(&providers[0], 1);
    CHECK(counter_client_deregister(&clients[0]) == STATUS_PENDING);
    CHECK(atomic_load(&clients[0].pended) > 0);
    CHECK(nmr_sim_bindings() == 2);
    counter_provider_gate(&providers[0], true);
    counter_client_wait(&clients[0]);
    CHECK(pthread_join(caller, NULL) == 0);
    CHECK(nmr_sim_bindings() == 1);
}

int main(void)
{
    for (ULONG index = 0; index < 2; index++) {
        CHECK(NT_SUCCESS(counter_provider_load(&providers[index], index)));
        CHECK(NT_SUCCESS(counter_client_load(&clients[index])));
    }
    CHECK(nmr_sim_registrations() == 4 && nmr_sim_bindings() == 4);
    churn();
    uint64_t total = atomic_load(&calls);
    uint64_t told = atomic_load(&clients[0].told) + atomic_load(&clients[1].told);
    CHECK(told <= total);
    counter_provider_unload(&providers[1]);
    pend();
    counter_client_unload(&clients[1]);
    counter_provider_unload(&providers[0]);
    CHECK(nmr_sim_module_unloaded(NULL) == 0);
    CHECK(nmr_sim_bindings() == 0);
    CHECK(nmr_sim_violations(NULL) == 0);
    printf("%d providers came and went under calls, and a detach waited for its call\n", ROUNDS);
    return 0;
}
