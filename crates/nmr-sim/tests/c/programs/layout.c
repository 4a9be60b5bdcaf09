/* The layouts that Windows documents for 64-bit hosts, and what the header promises; compiled as C11 and as C++17. */
#include <netioddk.h>
#include <nmr_sim.h>
#include <stddef.h>

#ifndef __cplusplus
#include <assert.h>
#endif

#define SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#define OFFSET(type, field, offset) static_assert(offsetof(type, field) == (offset), #type "." #field)

SIZE(NTSTATUS, 4);
SIZE(ULONG, 4);
SIZE(LONG, 4);
SIZE(USHORT, 2);
SIZE(BOOLEAN, 1);
SIZE(KIRQL, 1);
SIZE(HANDLE, 8);
SIZE(GUID, 16);
SIZE(LUID, 8);

SIZE(NPI_MODULEID_TYPE, 4);
static_assert(MIT_GUID == 1 && MIT_IF_LUID == 2, "NPI_MODULEID_TYPE");

SIZE(NPI_MODULEID, 24);
OFFSET(NPI_MODULEID, Type, 4);
OFFSET(NPI_MODULEID, Guid, 8);
OFFSET(NPI_MODULEID, IfLuid, 8);

SIZE(NPI_REGISTRATION_INSTANCE, 40);
OFFSET(NPI_REGISTRATION_INSTANCE, Version, 0);
OFFSET(NPI_REGISTRATION_INSTANCE, Size, 2);
OFFSET(NPI_REGISTRATION_INSTANCE, NpiId, 8);
OFFSET(NPI_REGISTRATION_INSTANCE, ModuleId, 16);
OFFSET(NPI_REGISTRATION_INSTANCE, Number, 24);
OFFSET(NPI_REGISTRATION_INSTANCE, NpiSpecificCharacteristics, 32);

SIZE(NPI_CLIENT_CHARACTERISTICS, 72);
OFFSET(NPI_CLIENT_CHARACTERISTICS, Version, 0);
OFFSET(NPI_CLIENT_CHARACTERISTICS, Length, 2);
OFFSET(NPI_CLIENT_CHARACTERISTICS, ClientAttachProvider, 8);
OFFSET(NPI_CLIENT_CHARACTERISTICS, ClientDetachProvider, 16);
OFFSET(NPI_CLIENT_CHARACTERISTICS, ClientCleanupBindingContext, 24);
OFFSET(NPI_CLIENT_CHARACTERISTICS, ClientRegistrationInstance, 32);

SIZE(NPI_PROVIDER_CHARACTERISTICS, 72);
OFFSET(NPI_PROVIDER_CHARACTERISTICS, Version, 0);
OFFSET(NPI_PROVIDER_CHARACTERISTICS, Length, 2);
OFFSET(NPI_PROVIDER_CHARACTERISTICS, ProviderAttachClient, 8);
OFFSET(NPI_PROVIDER_CHARACTERISTICS, ProviderDetachClient, 16);
OFFSET(NPI_PROVIDER_CHARACTERISTICS, ProviderCleanupBindingContext, 24);
OFFSET(NPI_PROVIDER_CHARACTERISTICS, ProviderRegistrationInstance, 32);

SIZE(NPI, 16);
OFFSET(NPI, Dispatch, 8);
SIZE(NMR_REG_KEY_PATH, 65 * sizeof(wchar_t));

static_assert(NT_SUCCESS(STATUS_SUCCESS) && NT_SUCCESS(STATUS_PENDING), "both are successes");
static_assert(!NT_SUCCESS(STATUS_NOINTERFACE) && !NT_SUCCESS(STATUS_INVALID_PARAMETER), "both are failures");
static_assert(STATUS_PENDING == 0x103, "the value that Windows gives");

/* The functions have these types and no others. */
NTSTATUS (NTAPI *const register_client)(PNPI_CLIENT_CHARACTERISTICS, PVOID, PHANDLE) = NmrRegisterClient;
NTSTATUS (NTAPI *const deregister_client)(HANDLE) = NmrDeregisterClient;
NTSTATUS (NTAPI *const wait_client)(HANDLE) = NmrWaitForClientDeregisterComplete;
NTSTATUS (NTAPI *const attach)(HANDLE, PVOID, const VOID *, PVOID *, const VOID **) = NmrClientAttachProvider;
VOID (NTAPI *const client_complete)(HANDLE) = NmrClientDetachProviderComplete;
NTSTATUS (NTAPI *const register_provider)(PNPI_PROVIDER_CHARACTERISTICS, PVOID, PHANDLE) = NmrRegisterProvider;
NTSTATUS (NTAPI *const deregister_provider)(HANDLE) = NmrDeregisterProvider;
NTSTATUS (NTAPI *const wait_provider)(HANDLE) = NmrWaitForProviderDeregisterComplete;
VOID (NTAPI *const provider_complete)(HANDLE) = NmrProviderDetachClientComplete;
