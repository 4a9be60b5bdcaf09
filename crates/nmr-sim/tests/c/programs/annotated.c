/* Written as drivers for Windows are: annotated throughout, without NTAPI, with handle types of its own. */
#include <netioddk.h>

EXTERN_C_START

DECLARE_HANDLE(PORT_HANDLE);
DECLARE_HANDLE(QUEUE_HANDLE);

typedef _Struct_size_bytes_(Size) struct _PORT_HEADER {
    _Field_range_(1, 2) UINT32 Revision;
    UINT32 Size;
} PORT_HEADER;
C_ASSERT(sizeof(PORT_HEADER) == 8);

typedef struct _PORT_TABLE {
    PORT_HEADER Header;
    PORT_HANDLE Port;
    _Field_size_opt_(Count) const QUEUE_HANDLE *Queues;
    ULONG Count;
    KIRQL *Lock;
    _Guarded_by_(Lock) _Write_guarded_by_(Lock) LONG Users;
} PORT_TABLE;

typedef _IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_requires_same_ _Must_inspect_result_ NTSTATUS PORT_OPEN(
    _In_ _Pre_defensive_ _Notnull_ const PORT_TABLE *Table,
    _In_reads_bytes_opt_(Size) const VOID *Input,
    _In_range_(0, 4096) SIZE_T Size,
    _Out_writes_bytes_to_opt_(OutputSize, *Written) PVOID Output,
    SIZE_T OutputSize,
    _Out_opt_ SIZE_T *Written,
    _Reserved_ ULONG Flags,
    _Outptr_result_maybenull_ PVOID *Context);

_Acquires_exclusive_lock_(*Lock) _IRQL_raises_(DISPATCH_LEVEL) _IRQL_saves_ static KIRQL
PortAcquire(_Inout_ KIRQL *Lock)
{
    return *Lock;
}

_Releases_exclusive_lock_(*Lock) static VOID
PortRelease(_Inout_ KIRQL *Lock, _In_ _IRQL_restores_ KIRQL OldIrql)
{
    *Lock = OldIrql;
}

_When_(Flags == 0, _Post_satisfies_(return >= 0)) _At_(*Context, _Post_notnull_) _Function_class_(PORT_OPEN)
    _Success_(return >= 0) static NTSTATUS
PortOpen(
    _In_ _Pre_defensive_ _Notnull_ const PORT_TABLE *Table,
    _In_reads_bytes_opt_(Size) const VOID *Input,
    _In_range_(0, 4096) SIZE_T Size,
    _Out_writes_bytes_to_opt_(OutputSize, *Written) PVOID Output,
    SIZE_T OutputSize,
    _Out_opt_ SIZE_T *Written,
    _Reserved_ ULONG Flags,
    _Outptr_result_maybenull_ PVOID *Context)
{
    UNREFERENCED_PARAMETER(Input);
    UNREFERENCED_PARAMETER(Output);
    KIRQL OldIrql = PortAcquire(Table->Lock);
    _Analysis_assume_lock_held_(Table->Lock);
    PortRelease(Table->Lock, OldIrql);
    *Context = NULL;
    if (Size > 4096) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (OutputSize != 0 || Written != NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (Flags != 0) {
        return STATUS_DEVICE_BUSY;
    }
    if (Table->Users == 0) {
        return STATUS_DELETE_PENDING;
    }
    return Table->Queues == NULL ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_NAME_COLLISION;
}

PORT_OPEN *const Open = PortOpen;

static NTSTATUS
PortAttachClient(
    _In_ HANDLE NmrBindingHandle,
    _In_ VOID *ProviderContext,
    _In_ const NPI_REGISTRATION_INSTANCE *ClientRegistrationInstance,
    _In_ VOID *ClientBindingContext,
    _In_ const VOID *ClientDispatch,
    _Outptr_ VOID **ProviderBindingContext,
    _Outptr_result_maybenull_ const VOID **ProviderDispatch)
{
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ClientBindingContext);
    const NPI *Client = (const NPI *)ClientDispatch;
    if (ClientRegistrationInstance->Version != 1 || Client->Handle != NmrBindingHandle) {
        return STATUS_REVISION_MISMATCH;
    }
    *ProviderBindingContext = ProviderContext;
    *ProviderDispatch = NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS
PortDetachClient(_In_ VOID *ProviderBindingContext)
{
    if (ProviderBindingContext == NULL) {
        return STATUS_CANCELLED;
    }
    return STATUS_PENDING;
}

static VOID
PortCleanup(_In_ _Frees_ptr_ VOID *ProviderBindingContext)
{
    UNREFERENCED_PARAMETER(ProviderBindingContext);
}

extern const NPI_PROVIDER_CHARACTERISTICS PortCharacteristics;
const NPI_PROVIDER_CHARACTERISTICS PortCharacteristics = {
    0,
    sizeof(NPI_PROVIDER_CHARACTERISTICS),
    PortAttachClient,
    PortDetachClient,
    PortCleanup,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), NULL, NULL, 0, NULL}};

EXTERN_C_END
