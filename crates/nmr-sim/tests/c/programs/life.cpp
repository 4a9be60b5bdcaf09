// A whole life in C++, with the helpers of the headers.
#define INITGUID
#include <cstdio>
#include <netioddk.h>
#include <nmr_sim.h>

DEFINE_GUID(NPI_ONE, 0x11111111, 0x2222, 0x3333, 1, 2, 3, 4, 5, 6, 7, 8);
DEFINE_GUID(NPI_OTHER, 0x11111111, 0x2222, 0x3333, 1, 2, 3, 4, 5, 6, 7, 9);

static int context;

static NTSTATUS NTAPI attach_provider(HANDLE binding, PVOID, PNPI_REGISTRATION_INSTANCE)
{
    PVOID peer = nullptr;
    const VOID *dispatch = nullptr;
    return NmrClientAttachProvider(binding, &context, nullptr, &peer, &dispatch);
}

static NTSTATUS NTAPI attach_client(
    HANDLE, PVOID, PNPI_REGISTRATION_INSTANCE, PVOID, const VOID *, PVOID *own, const VOID **dispatch)
{
    *own = &context;
    *dispatch = nullptr;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI detach(PVOID)
{
    return STATUS_SUCCESS;
}

static bool identifiers()
{
    NPI_MODULEID one = {sizeof(NPI_MODULEID), MIT_GUID, {NPI_ONE}};
    NPI_MODULEID same = one;
    same.Length = 0;
    NPI_MODULEID other = {sizeof(NPI_MODULEID), MIT_GUID, {NPI_OTHER}};
    NPI_MODULEID interface = one;
    interface.Type = MIT_IF_LUID;
    NPI_MODULEID same_interface = other;
    same_interface.Type = MIT_IF_LUID;
    NPI_MODULEID unknown = one;
    unknown.Type = static_cast<NPI_MODULEID_TYPE>(3);
    return NPI_ONE != NPI_OTHER && NPI_ONE == one.Guid && IsEqualGUID(NPI_ONE, same.Guid) &&
        NmrIsEqualNpiModuleId(&one, &same) && !NmrIsEqualNpiModuleId(&one, &other) &&
        !NmrIsEqualNpiModuleId(&one, &interface) && NmrIsEqualNpiModuleId(&interface, &same_interface) &&
        !NmrIsEqualNpiModuleId(&unknown, &unknown);
}

int main()
{
    NPI_MODULEID module = {sizeof(NPI_MODULEID), MIT_GUID, {NPI_OTHER}};
    NPI_REGISTRATION_INSTANCE instance = {0, sizeof(NPI_REGISTRATION_INSTANCE), &NPI_ONE, &module, 0, nullptr};
    NPI_CLIENT_CHARACTERISTICS client = {
        0, sizeof(NPI_CLIENT_CHARACTERISTICS), attach_provider, detach, nullptr, instance};
    NPI_PROVIDER_CHARACTERISTICS provider = {
        0, sizeof(NPI_PROVIDER_CHARACTERISTICS), attach_client, detach, nullptr, instance};
    HANDLE client_handle, provider_handle;
    bool right = identifiers() && NmrRegisterProvider(&provider, nullptr, &provider_handle) == STATUS_SUCCESS &&
        NmrRegisterClient(&client, nullptr, &client_handle) == STATUS_SUCCESS && nmr_sim_bindings() == 1 &&
        NmrDeregisterProvider(provider_handle) == STATUS_PENDING &&
        NmrDeregisterClient(client_handle) == STATUS_PENDING &&
        NmrWaitForProviderDeregisterComplete(provider_handle) == STATUS_SUCCESS &&
        NmrWaitForClientDeregisterComplete(client_handle) == STATUS_SUCCESS &&
        nmr_sim_module_unloaded(nullptr) == 0 && nmr_sim_violations(nullptr) == 0;
    std::puts(right ? "right" : "wrong");
    return right ? 0 : 1;
}
