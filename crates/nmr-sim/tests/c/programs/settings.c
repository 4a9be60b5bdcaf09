/*
 * One life, told as it is seen from the callbacks, so that whoever started the program can compare it with what the
 * environment asks for. The client has no binding context; the provider completes inside its detach callback.
 */
#include <semaphore.h>
#include <string.h>

#include "module.h"

static MODULE client, provider;
/* Whether the provider's detach callback returns only when it is told to. */
static bool stays;
static sem_t completed, go_on;

static void tell(const char *what)
{
    printf("%s ", what);
    fflush(stdout);
}

static NTSTATUS NTAPI attach_without_context(HANDLE handle, PVOID context, PNPI_REGISTRATION_INSTANCE instance)
{
    PVOID peer;
    const VOID *dispatch;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(instance);
    NTSTATUS status = NmrClientAttachProvider(handle, NULL, NULL, &peer, &dispatch);
    tell(status == STATUS_SUCCESS ? "attached" : "refused");
    return status;
}

static NTSTATUS NTAPI detach_without_context(PVOID context)
{
    CHECK(context == NULL);
    tell("client-detaches");
    return STATUS_SUCCESS;
}

static VOID NTAPI clean_up_without_context(PVOID context)
{
    CHECK(context == NULL);
    tell("client-cleans-up");
}

static NTSTATUS complete_inside(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    tell("provider-completes");
    NmrProviderDetachClientComplete(provider.last);
    if (stays) {
        sem_post(&completed);
        sem_wait(&go_on);
    }
    tell("provider-returns");
    return STATUS_PENDING;
}

static void clean_up(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    tell("provider-cleans-up");
}

static void *deregister(void *module)
{
    CHECK(module_deregister(module) == STATUS_PENDING);
    return NULL;
}

static void live(void)
{
    CHECK(module_register(&provider) == STATUS_SUCCESS && module_register(&client) == STATUS_SUCCESS);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, deregister, &client) == 0);
    if (stays) {
        sem_wait(&completed);
    } else {
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(module_wait(&client) == STATUS_SUCCESS);
    tell("waited");
    if (stays) {
        sem_post(&go_on);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    module_take_down(&provider);
}

/* The text of a violation, in buffers of every size. */
static void text_of_violation(void)
{
    CHECK(nmr_sim_violation_text(0, NULL, 0) == 0);
    CHECK(NmrDeregisterClient(NULL) == STATUS_INVALID_PARAMETER && nmr_sim_violations("unknown-handle") == 1);
    char whole[1024];
    size_t length = nmr_sim_violation_text(0, whole, sizeof(whole));
    CHECK(length > 20 && length < sizeof(whole) && strlen(whole) == length);
    CHECK(strncmp(whole, "error unknown-handle: NmrDeregisterClient ", 42) == 0 && strstr(whole, "https://") != NULL);
    for (size_t size = 0; size <= length + 1; size++) {
        char *part = malloc(size + 1);
        CHECK(part != NULL);
        memset(part, '?', size + 1);
        CHECK(nmr_sim_violation_text(0, part, size) == length && part[size] == '?');
        CHECK(size == 0 || (strlen(part) == size - 1 && memcmp(part, whole, size - 1) == 0));
        free(part);
    }
    char none[2] = "?";
    CHECK(nmr_sim_violation_text(1, none, sizeof(none)) == 0 && none[0] == 0);
    CHECK(nmr_sim_violation_text(UINT64_MAX, NULL, 0) == 0);
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    sem_init(&completed, 0, 0);
    sem_init(&go_on, 0, 0);
    module_init(&client, true);
    module_init(&provider, false);
    client.client.ClientAttachProvider = attach_without_context;
    client.client.ClientDetachProvider = detach_without_context;
    client.client.ClientCleanupBindingContext = clean_up_without_context;
    provider.detach = complete_inside;
    provider.cleanup = clean_up;
    stays = strcmp(arguments[1], "stays") == 0;
    if (strcmp(arguments[1], "text") == 0) {
        text_of_violation();
    } else {
        live();
    }
    return 0;
}
