/*
 * What other simulators get wrong, and more of the kind: one scenario, whose name is the argument. No rule is broken;
 * each ends by itself with everything taken down, and standard error stays empty.
 */
#include <semaphore.h>
#include <string.h>

#include "module.h"

static MODULE client, provider;

static void pair(void)
{
    CHECK(module_register(&client) == STATUS_SUCCESS);
    CHECK(module_register(&provider) == STATUS_SUCCESS);
}

/* ---- a provider is deregistered while the client's attach callback runs -------------------------------------------- */

static sem_t inside, go_on;

static NTSTATUS stay_a_while(BOUND *bound)
{
    sem_post(&inside);
    sem_wait(&go_on);
    return bound->answer;
}

static void *register_client(void *unused)
{
    UNREFERENCED_PARAMETER(unused);
    CHECK(module_register(&client) == STATUS_SUCCESS);
    return NULL;
}

static void deregister_while_attaching(void)
{
    pthread_t thread;
    client.attach = stay_a_while;
    CHECK(module_register(&provider) == STATUS_SUCCESS);
    CHECK(pthread_create(&thread, NULL, register_client, NULL) == 0);
    sem_wait(&inside);
    CHECK(module_deregister(&provider) == STATUS_PENDING);
    CHECK(client.detached == 0 && provider.detached == 0);
    sem_post(&go_on);
    CHECK(module_wait(&provider) == STATUS_SUCCESS);
    CHECK(client.detached == 1 && provider.detached == 1 && client.cleaned == 1 && provider.cleaned == 1);
    CHECK(pthread_join(thread, NULL) == 0);
    module_take_down(&client);
    CHECK(client.detached == 1);
}

/* ---- another thread completes before the detach callback has returned STATUS_PENDING -------------------------------- */

static void *complete_elsewhere(void *bound)
{
    MODULE *module = ((BOUND *)bound)->module;
    module_complete(module, ((BOUND *)bound)->handle);
    return NULL;
}

/* The binding may be gone when this returns. */
static NTSTATUS be_overtaken(BOUND *bound)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, complete_elsewhere, bound) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    return STATUS_PENDING;
}

static void client_completes_first(void)
{
    client.detach = be_overtaken;
    pair();
    module_take_down(&provider);
    module_take_down(&client);
    CHECK(client.cleaned == 1 && provider.cleaned == 1);
}

static void both_complete_first(void)
{
    client.detach = provider.detach = be_overtaken;
    pair();
    module_take_down(&client);
    module_take_down(&provider);
    CHECK(client.cleaned == 1 && provider.cleaned == 1);
}

/* ---- a deregistration that has nothing to wait for, for those who wait all the same, and for those who do not -------- */

static void wait_with_nothing_left(void)
{
    pair();
    module_take_down(&client);
    module_take_down(&provider);
    nmr_sim_set("idle-deregister", "success");
    nmr_sim_reset();
    pair();
    CHECK(module_deregister(&client) == STATUS_SUCCESS);
    CHECK(module_deregister(&provider) == STATUS_SUCCESS);
    CHECK(client.cleaned == 2 && provider.cleaned == 2);
    CHECK(nmr_sim_module_unloaded(NULL) == 0 && nmr_sim_violations(NULL) == 0);
    nmr_sim_set("on-violation", "collect");
    nmr_sim_reset();
    CHECK(module_register(&client) == STATUS_SUCCESS);
    CHECK(module_deregister(&client) == STATUS_SUCCESS);
    CHECK(module_wait(&client) == STATUS_INVALID_PARAMETER);
    CHECK(nmr_sim_violations("stale-handle") == 1);
}

/* ---- a module registers in a cleanup callback ---------------------------------------------------------------------- */

static MODULE late;

static void register_late(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    CHECK(module_register(&late) == STATUS_SUCCESS);
}

static void register_in_cleanup(void)
{
    module_init(&late, true);
    provider.cleanup = register_late;
    pair();
    module_take_down(&client);
    CHECK(late.attached == 1);
    provider.cleanup = NULL;
    module_take_down(&late);
    module_take_down(&provider);
}

/* ---- modules come and go on many threads, with detaches that are completed by others ---------------------------------- */

enum { THREADS = 6, ROUNDS = 40 };

static MODULE crowd[THREADS];

static NTSTATUS pend_and_complete(BOUND *bound)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, complete_elsewhere, bound) == 0);
    CHECK(pthread_detach(thread) == 0);
    return STATUS_PENDING;
}

static void *come_and_go(void *module)
{
    for (int round = 0; round < ROUNDS; round++) {
        CHECK(module_register(module) == STATUS_SUCCESS);
        module_take_down(module);
    }
    return NULL;
}

static void churn(void)
{
    pthread_t threads[THREADS];
    for (int index = 0; index < THREADS; index++) {
        module_init(&crowd[index], index % 2 == 0);
        crowd[index].detach = index % 3 == 0 ? pend_and_complete : NULL;
        CHECK(pthread_create(&threads[index], NULL, come_and_go, &crowd[index]) == 0);
    }
    int attached[2] = {0, 0};
    for (int index = 0; index < THREADS; index++) {
        CHECK(pthread_join(threads[index], NULL) == 0);
        MODULE *module = &crowd[index];
        CHECK(module->attached == module->detached && module->attached == module->cleaned);
        attached[module->is_client] += module->attached;
    }
    CHECK(attached[0] == attached[1]);
}

static void seeded_churn(void)
{
    for (int seed = 1; seed <= 3; seed++) {
        char text[16];
        snprintf(text, sizeof(text), "%d", seed);
        CHECK(nmr_sim_set("seed", text) == STATUS_SUCCESS);
        nmr_sim_reset();
        churn();
        CHECK(nmr_sim_module_unloaded(NULL) == 0 && nmr_sim_violations(NULL) == 0);
    }
}

/* ---- every call that may fail does, in turn -------------------------------------------------------------------------- */

static void every_failure(void)
{
    uint64_t nth = 0;
    do {
        nmr_sim_fail_nth(++nth);
        BOOLEAN there = NT_SUCCESS(module_register(&client));
        if (NT_SUCCESS(module_register(&provider))) {
            module_take_down(&provider);
        }
        if (there) {
            module_take_down(&client);
        }
    } while (nmr_sim_fallible_calls() >= nth);
    nmr_sim_fail_nth(0);
    CHECK(nth == 4);
    CHECK(client.attached == client.cleaned && provider.attached == provider.cleaned);
}

/* ---- a peer that stalls, and callbacks at the highest level -------------------------------------------------------- */

static NTSTATUS complete_at_dispatch(BOUND *bound)
{
    CHECK(nmr_sim_irql() == DISPATCH_LEVEL);
    module_complete(bound->module, bound->handle);
    return STATUS_PENDING;
}

static void stalled_peer(void)
{
    CHECK(nmr_sim_set("detach-irql", "dispatch") == STATUS_SUCCESS);
    CHECK(nmr_sim_set("events", "record") == STATUS_SUCCESS);
    nmr_sim_reset();
    client.detach = complete_at_dispatch;
    pair();
    nmr_sim_hold_completions(TRUE);
    CHECK(module_deregister(&client) == STATUS_PENDING);
    CHECK(client.cleaned == 0 && provider.detached == 1);
    CHECK(nmr_sim_release_completions(FALSE) == 0 && nmr_sim_release_completions(TRUE) == 1);
    CHECK(client.cleaned == 1 && nmr_sim_irql() == PASSIVE_LEVEL);
    CHECK(module_wait(&client) == STATUS_SUCCESS);
    module_take_down(&provider);
    CHECK(nmr_sim_violations(NULL) == 0);
    const char *forms[] = {"events", "diagram", "mermaid", "json"};
    const char *signs[] = {"completed side=client", "client", "sequenceDiagram", "\"event\""};
    for (size_t index = 0; index < RTL_NUMBER_OF(forms); index++) {
        size_t length = nmr_sim_story(forms[index], NULL, 0);
        char *story = malloc(length + 1);
        CHECK(story != NULL && nmr_sim_story(forms[index], story, length + 1) == length);
        CHECK(strlen(story) == length && strstr(story, signs[index]) != NULL);
        char little[4] = "xyz";
        CHECK(nmr_sim_story(forms[index], little, 3) == length && little[2] == 0 && little[1] == story[1]);
        free(story);
    }
}

/* ---- what callbacks did on other threads is over when the wait returns: memory that nothing guards ------------------- */

static int plain;

static void count_plainly(BOUND *bound)
{
    plain += bound->module->is_client ? 1 : 100;
}

static void plain_memory(void)
{
    client.detach = pend_and_complete;
    client.cleanup = provider.cleanup = count_plainly;
    pair();
    for (int round = 1; round <= ROUNDS; round++) {
        module_take_down(round % 2 == 0 ? &client : &provider);
        CHECK(plain == 101 * round);
        CHECK(module_register(round % 2 == 0 ? &client : &provider) == STATUS_SUCCESS);
    }
    client.cleanup = provider.cleanup = NULL;
    module_take_down(&client);
    module_take_down(&provider);
}

/* ---- a thread that ends and takes its modules down last, when much of what it had is gone ---------------------------- */

static pthread_key_t last_words;

static void say_last_words(void *context)
{
    MODULE *module = context;
    CHECK(module_register(module) == STATUS_SUCCESS);
    CHECK(nmr_sim_set_irql(DISPATCH_LEVEL) == PASSIVE_LEVEL && nmr_sim_irql() == DISPATCH_LEVEL);
    CHECK(module_deregister(module) == STATUS_PENDING);
    CHECK(nmr_sim_set_irql(PASSIVE_LEVEL) == DISPATCH_LEVEL);
    CHECK(module_wait(module) == STATUS_SUCCESS);
}

static void *end(void *context)
{
    nmr_sim_free(nmr_sim_allocate(1));
    CHECK(nmr_sim_set_irql(PASSIVE_LEVEL) == PASSIVE_LEVEL && pthread_setspecific(last_words, context) == 0);
    return come_and_go(context);
}

static void ending_thread(void)
{
    CHECK(pthread_key_create(&last_words, say_last_words) == 0);
    CHECK(module_register(&provider) == STATUS_SUCCESS);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, end, &client) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(client.attached > 1 && client.cleaned == client.attached && provider.cleaned == client.attached);
    module_take_down(&provider);
    CHECK(nmr_sim_violations(NULL) == 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} SCENARIOS[] = {
    {"deregister-while-attaching", deregister_while_attaching},
    {"client-completes-first", client_completes_first},
    {"both-complete-first", both_complete_first},
    {"wait-with-nothing-left", wait_with_nothing_left},
    {"register-in-cleanup", register_in_cleanup},
    {"churn", churn},
    {"seeded-churn", seeded_churn},
    {"every-failure", every_failure},
    {"stalled-peer", stalled_peer},
    {"plain-memory", plain_memory},
    {"ending-thread", ending_thread},
};

int main(int count, char **arguments)
{
    module_init(&client, true);
    module_init(&provider, false);
    sem_init(&inside, 0, 0);
    sem_init(&go_on, 0, 0);
    for (size_t index = 0; index < RTL_NUMBER_OF(SCENARIOS); index++) {
        if (count == 2 && strcmp(arguments[1], SCENARIOS[index].name) == 0) {
            SCENARIOS[index].run();
            CHECK(nmr_sim_registrations() == 0 && nmr_sim_bindings() == 0);
            puts("ended");
            return 0;
        }
    }
    fprintf(stderr, "there is no such scenario\n");
    return 2;
}
