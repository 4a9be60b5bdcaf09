// The Network Module Registrar as C modules see it: the parts of netioddk.h that the peers use.
#include <ntddk.h>

// Imports that the headers hide behind inline functions, which read a processor register that Wine does not have.
KIRQL raise_irql(KIRQL level) __asm__("KfRaiseIrql");
VOID lower_irql(KIRQL level) __asm__("KeLowerIrql");
KIRQL current_irql(VOID) __asm__("KeGetCurrentIrql");

typedef struct {
    USHORT Length;
    ULONG Type;
    GUID Guid;
} NPI_MODULEID;

typedef struct {
    USHORT Version, Size;
    const GUID *NpiId;
    const NPI_MODULEID *ModuleId;
    ULONG Number;
    const VOID *NpiSpecificCharacteristics;
} NPI_REGISTRATION_INSTANCE;

typedef NTSTATUS(NTAPI *CLIENT_ATTACH)(HANDLE, PVOID, const NPI_REGISTRATION_INSTANCE *);
typedef NTSTATUS(NTAPI *PROVIDER_ATTACH)(HANDLE, PVOID, const NPI_REGISTRATION_INSTANCE *, PVOID, const VOID *, PVOID *, const VOID **);
typedef NTSTATUS(NTAPI *DETACH)(PVOID);
typedef VOID(NTAPI *CLEANUP)(PVOID);

typedef struct {
    USHORT Version, Length;
    CLIENT_ATTACH Attach;
    DETACH Detach;
    CLEANUP Cleanup;
    NPI_REGISTRATION_INSTANCE Instance;
} NPI_CLIENT_CHARACTERISTICS;

typedef struct {
    USHORT Version, Length;
    PROVIDER_ATTACH Attach;
    DETACH Detach;
    CLEANUP Cleanup;
    NPI_REGISTRATION_INSTANCE Instance;
} NPI_PROVIDER_CHARACTERISTICS;

NTSTATUS NTAPI NmrRegisterClient(const NPI_CLIENT_CHARACTERISTICS *, PVOID, PHANDLE);
NTSTATUS NTAPI NmrRegisterProvider(const NPI_PROVIDER_CHARACTERISTICS *, PVOID, PHANDLE);
NTSTATUS NTAPI NmrDeregisterClient(HANDLE);
NTSTATUS NTAPI NmrDeregisterProvider(HANDLE);
NTSTATUS NTAPI NmrWaitForClientDeregisterComplete(HANDLE);
NTSTATUS NTAPI NmrWaitForProviderDeregisterComplete(HANDLE);
NTSTATUS NTAPI NmrClientAttachProvider(HANDLE, PVOID, const VOID *, PVOID *, const VOID **);
VOID NTAPI NmrClientDetachProviderComplete(HANDLE);
VOID NTAPI NmrProviderDetachClientComplete(HANDLE);
