/*
 * Breaks one rule, whose name is the argument, and goes on: every call answers, every module is taken down, and nothing
 * is left. The report is on standard error, and whoever started the program looks at it.
 */
#include <string.h>

#include "module.h"

static MODULE client, provider, other;

static void pair(void)
{
    CHECK(module_register(&client) == STATUS_SUCCESS);
    CHECK(module_register(&provider) == STATUS_SUCCESS);
}

static void take_down_both(void)
{
    module_take_down(&client);
    module_take_down(&provider);
}

static NTSTATUS pend(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    return STATUS_PENDING;
}

static void completed_twice(void)
{
    client.detach = provider.detach = pend;
    pair();
    CHECK(module_deregister(&client) == STATUS_PENDING);
    module_complete(&client, client.last);
    module_complete(&client, client.last);
    CHECK(client.cleaned == 0 && provider.cleaned == 0);
    module_complete(&provider, provider.last);
    CHECK(client.cleaned == 1 && provider.cleaned == 1);
    CHECK(module_wait(&client) == STATUS_SUCCESS);
    module_take_down(&provider);
}

static void completed_after_success(void)
{
    provider.detach = pend;
    pair();
    CHECK(module_deregister(&client) == STATUS_PENDING);
    module_complete(&client, client.last);
    CHECK(client.cleaned == 0);
    module_complete(&provider, provider.last);
    CHECK(module_wait(&client) == STATUS_SUCCESS);
    module_take_down(&provider);
}

static void completed_before_detach(void)
{
    provider.detach = pend;
    pair();
    module_complete(&provider, provider.last);
    take_down_both();
}

static NTSTATUS complete_and_decline(MODULE *module, HANDLE handle)
{
    module_complete(module, handle);
    return STATUS_NOINTERFACE;
}

static void completed_unattached(void)
{
    client.offered = complete_and_decline;
    pair();
    take_down_both();
    CHECK(client.detached == 0 && provider.attached == 0);
}

static void wrong_side(void)
{
    client.detach = pend;
    pair();
    CHECK(module_deregister(&client) == STATUS_PENDING);
    NmrProviderDetachClientComplete(client.last);
    CHECK(client.cleaned == 0);
    NmrClientDetachProviderComplete(client.last);
    CHECK(module_wait(&client) == STATUS_SUCCESS);
    module_take_down(&provider);
}

static NTSTATUS answer_oddly(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    return STATUS_UNSUCCESSFUL;
}

static void detach_answer(void)
{
    provider.detach = answer_oddly;
    pair();
    take_down_both();
    CHECK(client.cleaned == 1 && provider.cleaned == 1);
}

static NTSTATUS attach_and_tell_another_failure(MODULE *module, HANDLE handle)
{
    PVOID peer;
    const VOID *dispatch;
    CHECK(NmrClientAttachProvider(handle, module, NULL, &peer, &dispatch) == STATUS_NOINTERFACE);
    return STATUS_UNSUCCESSFUL;
}

static NTSTATUS decline(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    return STATUS_NOINTERFACE;
}

static void attach_answer_changed(void)
{
    client.offered = attach_and_tell_another_failure;
    provider.attach = decline;
    pair();
    take_down_both();
}

static NTSTATUS free_and_fail(BOUND *bound)
{
    free(bound);
    return STATUS_UNSUCCESSFUL;
}

static void failed_after_attach(void)
{
    client.attach = free_and_fail;
    pair();
    take_down_both();
    CHECK(client.detached == 0 && client.cleaned == 0 && provider.cleaned == 1);
}

static NTSTATUS succeed(MODULE *module, HANDLE handle)
{
    UNREFERENCED_PARAMETER(module);
    UNREFERENCED_PARAMETER(handle);
    return STATUS_SUCCESS;
}

static void success_without_attach(void)
{
    client.offered = succeed;
    pair();
    take_down_both();
    CHECK(client.detached == 0);
}

static NTSTATUS attach(HANDLE handle)
{
    PVOID peer = NULL;
    const VOID *dispatch = NULL;
    NTSTATUS status = NmrClientAttachProvider(handle, NULL, NULL, &peer, &dispatch);
    CHECK(peer == NULL && dispatch == NULL);
    return status;
}

static void attach_outside_callback(void)
{
    pair();
    CHECK(attach(client.last) == STATUS_INVALID_PARAMETER);
    take_down_both();
}

static NTSTATUS attach_again(BOUND *bound)
{
    CHECK(attach(bound->handle) == STATUS_INVALID_PARAMETER);
    return STATUS_SUCCESS;
}

static void attached_twice(void)
{
    client.attach = attach_again;
    pair();
    take_down_both();
    CHECK(provider.attached == 1);
}

static void deregistered_twice(void)
{
    CHECK(module_register(&provider) == STATUS_SUCCESS);
    CHECK(module_deregister(&provider) == STATUS_PENDING);
    CHECK(module_deregister(&provider) == STATUS_INVALID_PARAMETER);
    CHECK(module_wait(&provider) == STATUS_SUCCESS);
}

static void wait_before_deregister(void)
{
    CHECK(module_register(&client) == STATUS_SUCCESS);
    CHECK(module_wait(&client) == STATUS_INVALID_PARAMETER);
    module_take_down(&client);
}

static void *wait_for_client(void *status)
{
    *(NTSTATUS *)status = module_wait(&client);
    return NULL;
}

static void waited_twice(void)
{
    pthread_t thread;
    NTSTATUS elsewhere = STATUS_UNSUCCESSFUL;
    client.detach = pend;
    pair();
    CHECK(module_deregister(&client) == STATUS_PENDING);
    CHECK(pthread_create(&thread, NULL, wait_for_client, &elsewhere) == 0);
    /* Whichever of the two is the second is refused; if it is this one, the other is let go. */
    char story[4096];
    do {
        nmr_sim_story("events", story, sizeof(story));
    } while (strstr(story, " waiting side=client") == NULL);
    CHECK(module_wait(&client) == STATUS_INVALID_PARAMETER);
    module_complete(&client, client.last);
    CHECK(pthread_join(thread, NULL) == 0 && elsewhere == STATUS_SUCCESS);
    module_take_down(&provider);
}

static void wait_for_oneself(BOUND *bound)
{
    CHECK(module_wait(bound->module) == STATUS_INVALID_DEVICE_STATE);
}

static void wait_inside_callback(void)
{
    client.cleanup = wait_for_oneself;
    pair();
    take_down_both();
}

static NTSTATUS take_down_other(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    module_take_down(&other);
    return STATUS_SUCCESS;
}

static void wait_in_detach(void)
{
    static const NPIID another = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    other.client.ClientRegistrationInstance.NpiId = &another;
    CHECK(module_register(&other) == STATUS_SUCCESS);
    client.detach = take_down_other;
    pair();
    take_down_both();
}

static void irql_too_high(void)
{
    CHECK(nmr_sim_set_irql(APC_LEVEL) == PASSIVE_LEVEL);
    CHECK(module_register(&client) == STATUS_SUCCESS);
    CHECK(nmr_sim_set_irql(DISPATCH_LEVEL) == APC_LEVEL);
    CHECK(module_deregister(&client) == STATUS_PENDING);
    CHECK(module_wait(&client) == STATUS_INVALID_DEVICE_STATE);
    CHECK(nmr_sim_irql() == DISPATCH_LEVEL);
    CHECK(nmr_sim_set_irql(PASSIVE_LEVEL) == DISPATCH_LEVEL);
    CHECK(module_wait(&client) == STATUS_SUCCESS);
}

static NTSTATUS raise_and_succeed(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    nmr_sim_set_irql(DISPATCH_LEVEL);
    return STATUS_SUCCESS;
}

static void irql_not_restored(void)
{
    client.detach = raise_and_succeed;
    pair();
    CHECK(module_deregister(&client) == STATUS_PENDING);
    nmr_sim_set_irql(PASSIVE_LEVEL);
    CHECK(module_wait(&client) == STATUS_SUCCESS);
    module_take_down(&provider);
}

static void unknown_handle(void)
{
    HANDLE bad[] = {NULL, &client, (HANDLE)(uintptr_t)7, (HANDLE)UINTPTR_MAX, (HANDLE)(UINTPTR_MAX / 2)};
    PVOID peer;
    const VOID *dispatch;
    module_init(&client, true);
    module_init(&other, true);
    module_init(&provider, false);
    for (size_t index = 0; index < RTL_NUMBER_OF(bad); index++) {
        CHECK(NmrDeregisterClient(bad[index]) == STATUS_INVALID_PARAMETER);
        CHECK(NmrDeregisterProvider(bad[index]) == STATUS_INVALID_PARAMETER);
        CHECK(NmrWaitForClientDeregisterComplete(bad[index]) == STATUS_INVALID_PARAMETER);
        CHECK(NmrWaitForProviderDeregisterComplete(bad[index]) == STATUS_INVALID_PARAMETER);
        CHECK(NmrClientAttachProvider(bad[index], NULL, NULL, &peer, &dispatch) == STATUS_INVALID_PARAMETER);
        NmrClientDetachProviderComplete(bad[index]);
        NmrProviderDetachClientComplete(bad[index]);
    }
    CHECK(nmr_sim_violations("unknown-handle") == 7 * RTL_NUMBER_OF(bad));
    /* Of a world that is gone. */
    CHECK(module_register(&client) == STATUS_SUCCESS);
    HANDLE gone = client.handle;
    CHECK(nmr_sim_reset() == 1);
    CHECK(module_register(&client) == STATUS_SUCCESS && client.handle != gone);
    CHECK(NmrDeregisterClient(gone) == STATUS_INVALID_PARAMETER);
    module_take_down(&client);
}

static void stale_handle(void)
{
    CHECK(module_register(&client) == STATUS_SUCCESS);
    module_take_down(&client);
    CHECK(module_wait(&client) == STATUS_INVALID_PARAMETER);
    CHECK(module_deregister(&client) == STATUS_INVALID_PARAMETER);
}

static void wrong_kind_of_handle(void)
{
    pair();
    NmrClientDetachProviderComplete(client.handle);
    CHECK(NmrDeregisterProvider(client.handle) == STATUS_INVALID_PARAMETER);
    CHECK(NmrWaitForClientDeregisterComplete(client.last) == STATUS_INVALID_PARAMETER);
    take_down_both();
}

static void null_pointer(void)
{
    CHECK(NmrRegisterClient(NULL, NULL, &client.handle) == STATUS_INVALID_PARAMETER);
    CHECK(NmrRegisterProvider(&provider.provider, NULL, NULL) == STATUS_INVALID_PARAMETER);
    client.client.ClientAttachProvider = NULL;
    CHECK(module_register(&client) == STATUS_INVALID_PARAMETER);
    provider.provider.ProviderRegistrationInstance.NpiId = NULL;
    CHECK(module_register(&provider) == STATUS_INVALID_PARAMETER);
    CHECK(nmr_sim_registrations() == 0);
}

static void length_field(void)
{
    client.client.Length = 8;
    CHECK(module_register(&client) == STATUS_SUCCESS);
    module_take_down(&client);
}

static void version_field(void)
{
    client.client.ClientRegistrationInstance.Version = 1;
    CHECK(module_register(&client) == STATUS_SUCCESS);
    module_take_down(&client);
}

static void module_id_field(void)
{
    client.id.Type = (NPI_MODULEID_TYPE)9;
    CHECK(module_register(&client) == STATUS_SUCCESS);
    module_take_down(&client);
}

static void structure_shared(void)
{
    HANDLE first, second;
    CHECK(NmrRegisterClient(&client.client, &client, &first) == STATUS_SUCCESS);
    CHECK(NmrRegisterClient(&client.client, &client, &second) == STATUS_SUCCESS);
    CHECK(NmrDeregisterClient(first) == STATUS_PENDING && NmrDeregisterClient(second) == STATUS_PENDING);
    CHECK(NmrWaitForClientDeregisterComplete(first) == STATUS_SUCCESS);
    CHECK(NmrWaitForClientDeregisterComplete(second) == STATUS_SUCCESS);
}

static void left_behind(void)
{
    CHECK(module_register(&client) == STATUS_SUCCESS);
    CHECK(nmr_sim_module_unloaded(&provider.id) == 0);
    CHECK(nmr_sim_module_unloaded(&client.id) == 1);
    module_take_down(&client);
    CHECK(nmr_sim_module_unloaded(NULL) == 0);
}

static void characteristics_changed(void)
{
    CHECK(module_register(&client) == STATUS_SUCCESS);
    client.client.ClientRegistrationInstance.Number = 7;
    module_take_down(&client);
}

static void dispatch_changed(void)
{
    static uint64_t table[2];
    CHECK(nmr_sim_set_sizes(&TEST_NPI, 0, 0, 0, sizeof(table)) == STATUS_SUCCESS);
    nmr_sim_reset();
    provider.dispatch = table;
    pair();
    table[1] = 1;
    take_down_both();
}

static void freed_early(void)
{
    PVOID table = nmr_sim_allocate(16);
    provider.dispatch = table;
    pair();
    nmr_sim_free(table);
    take_down_both();
}

static void used_after_free(void)
{
    volatile uint32_t *memory = nmr_sim_allocate(16);
    CHECK(memory[0] == 0);
    nmr_sim_free((PVOID)memory);
    memory[1] = 1;
    CHECK(nmr_sim_violations("used-after-free") == 1);
}

static void bad_free(void)
{
    uint64_t on_the_stack = 0;
    PVOID memory = nmr_sim_allocate(16);
    nmr_sim_free(NULL);
    nmr_sim_free(memory);
    nmr_sim_free(memory);
    nmr_sim_free(&on_the_stack);
}

static NTSTATUS answer_pending(BOUND *bound)
{
    UNREFERENCED_PARAMETER(bound);
    return STATUS_PENDING;
}

static void attach_answer(void)
{
    provider.attach = answer_pending;
    pair();
    take_down_both();
}

/* No rule, but the answer to a wait that would never end: aborted by NMR_SIM_WAIT_LIMIT. */
static void never_completed(void)
{
    provider.detach = pend;
    pair();
    CHECK(module_deregister(&client) == STATUS_PENDING);
    module_wait(&client);
}

static const struct {
    const char *name;
    void (*run)(void);
} CASES[] = {
    {"completed-twice", completed_twice},
    {"completed-after-success", completed_after_success},
    {"completed-before-detach", completed_before_detach},
    {"completed-unattached", completed_unattached},
    {"wrong-side", wrong_side},
    {"detach-answer", detach_answer},
    {"attach-answer-changed", attach_answer_changed},
    {"failed-after-attach", failed_after_attach},
    {"success-without-attach", success_without_attach},
    {"attach-outside-callback", attach_outside_callback},
    {"attached-twice", attached_twice},
    {"deregistered-twice", deregistered_twice},
    {"wait-before-deregister", wait_before_deregister},
    {"waited-twice", waited_twice},
    {"wait-inside-callback", wait_inside_callback},
    {"wait-in-detach", wait_in_detach},
    {"irql-too-high", irql_too_high},
    {"irql-not-restored", irql_not_restored},
    {"unknown-handle", unknown_handle},
    {"stale-handle", stale_handle},
    {"wrong-kind-of-handle", wrong_kind_of_handle},
    {"null-pointer", null_pointer},
    {"length-field", length_field},
    {"version-field", version_field},
    {"module-id-field", module_id_field},
    {"structure-shared", structure_shared},
    {"left-behind", left_behind},
    {"characteristics-changed", characteristics_changed},
    {"dispatch-changed", dispatch_changed},
    {"freed-early", freed_early},
    {"used-after-free", used_after_free},
    {"bad-free", bad_free},
    {"attach-answer", attach_answer},
    {"never-completed", never_completed},
};

int main(int count, char **arguments)
{
    module_init(&client, true);
    module_init(&other, true);
    module_init(&provider, false);
    for (size_t index = 0; index < RTL_NUMBER_OF(CASES); index++) {
        if (count >= 2 && strcmp(arguments[1], CASES[index].name) == 0) {
            int times = count == 3 ? atoi(arguments[2]) : 1;
            for (int time = 0; time < times; time++) {
                CASES[index].run();
            }
            CHECK(nmr_sim_registrations() == 0 && nmr_sim_bindings() == 0 && nmr_sim_allocations() == 0);
            puts("went on");
            return 0;
        }
    }
    fprintf(stderr, "there is no such case\n");
    return 2;
}
