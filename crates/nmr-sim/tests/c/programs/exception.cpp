// A callback, named by the argument, throws an exception at whoever has called NMR.
#include <cstdio>
#include <cstring>
#include <netioddk.h>

static const NPIID TEST_NPI = {0x44444444, 0x2222, 0x3333, {1, 2, 3, 4, 5, 6, 7, 8}};

static int context;
static const char *thrower;

static NTSTATUS answer(const char *who)
{
    if (std::strcmp(who, thrower) == 0) {
        throw who;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI attach_provider(HANDLE binding, PVOID, PNPI_REGISTRATION_INSTANCE)
{
    PVOID peer = nullptr;
    const VOID *dispatch = nullptr;
    answer("client-attach");
    return NmrClientAttachProvider(binding, &context, nullptr, &peer, &dispatch);
}

static NTSTATUS NTAPI attach_client(
    HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, const VOID *, PVOID *own, const VOID **dispatch)
{
    *own = &context;
    *dispatch = nullptr;
    return answer("provider-attach");
}

static NTSTATUS NTAPI detach(PVOID)
{
    return answer("detach");
}

static VOID NTAPI clean_up(PVOID)
{
    answer("cleanup");
}

int main(int, char **arguments)
{
    thrower = arguments[1];
    NPI_MODULEID module = {sizeof(NPI_MODULEID), MIT_GUID, {TEST_NPI}};
    NPI_REGISTRATION_INSTANCE instance = {0, sizeof(NPI_REGISTRATION_INSTANCE), &TEST_NPI, &module, 0, nullptr};
    NPI_CLIENT_CHARACTERISTICS client = {
        0, sizeof(NPI_CLIENT_CHARACTERISTICS), attach_provider, detach, clean_up, instance};
    NPI_PROVIDER_CHARACTERISTICS provider = {
        0, sizeof(NPI_PROVIDER_CHARACTERISTICS), attach_client, detach, clean_up, instance};
    HANDLE client_handle, provider_handle;
    try {
        NmrRegisterProvider(&provider, nullptr, &provider_handle);
        NmrRegisterClient(&client, nullptr, &client_handle);
        NmrDeregisterProvider(provider_handle);
    } catch (...) {
        std::puts("caught");
    }
    return 0;
}
