/* A client of Gauge in C, as the documentation of NMR would have it. The third chapter compares it with Rust. */
#include <netioddk.h>
#include <stdlib.h>

/* What the contract says, again. */
static const GUID GaugeNpiId = {0xb3c0f6de, 0x6f2a, 0x4b0e, {0x8d, 0x51, 0x2c, 0x9a, 0x3f, 0x0e, 0x77, 0x11}};
typedef struct {
    USHORT Version;
    USHORT Size;
    NTSTATUS (NTAPI *Level)(void *context, ULONG of, ULONG *level);
} GAUGE_PROVIDER_DISPATCH;

/* One for each provider. */
typedef struct {
    HANDLE NmrBindingHandle;
    void *ProviderContext;
    const GAUGE_PROVIDER_DISPATCH *ProviderDispatch;
    LONG CallsInFlight; /* and a bit that says closed */
} METER;

static HANDLE NmrClientHandle;

NTSTATUS NTAPI ClientAttachProvider(HANDLE NmrBindingHandle, void *ClientContext, PNPI_REGISTRATION_INSTANCE Provider)
{
    METER *meter;
    const void *dispatch;
    NTSTATUS status;

    (void)ClientContext;
    if (Provider->Number != 0) {
        return STATUS_NOINTERFACE;
    }
    meter = calloc(1, sizeof *meter);
    if (meter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    meter->NmrBindingHandle = NmrBindingHandle;
    status = NmrClientAttachProvider(NmrBindingHandle, meter, NULL, &meter->ProviderContext, &dispatch);
    if (!NT_SUCCESS(status)) {
        free(meter);
        return status;
    }
    meter->ProviderDispatch = dispatch; /* and a check of Version and Size, and a list in which the thread finds it */
    return status;
}

NTSTATUS NTAPI ClientDetachProvider(void *ClientBindingContext)
{
    METER *meter = ClientBindingContext;

    /* No new call; the last one that is in flight calls NmrClientDetachProviderComplete. */
    return meter->CallsInFlight == 0 ? STATUS_SUCCESS : STATUS_PENDING;
}

void NTAPI ClientCleanupBindingContext(void *ClientBindingContext)
{
    free(ClientBindingContext);
}

static const NPI_MODULEID ModuleId = {sizeof(NPI_MODULEID), MIT_GUID, {{0xb3c0f6de, 0x6f2a, 0x4b0e, {0x8d, 0x51, 0x2c, 0x9a, 0x3f, 0x0e, 0x77, 0x13}}}};

static const NPI_CLIENT_CHARACTERISTICS Characteristics = {
    0, sizeof(NPI_CLIENT_CHARACTERISTICS),
    ClientAttachProvider, ClientDetachProvider, ClientCleanupBindingContext,
    {0, sizeof(NPI_REGISTRATION_INSTANCE), &GaugeNpiId, &ModuleId, 0, NULL},
};

NTSTATUS DriverEntry(void)
{
    return NmrRegisterClient(&Characteristics, NULL, &NmrClientHandle);
}

void Unload(void)
{
    NTSTATUS status = NmrDeregisterClient(NmrClientHandle);

    if (status == STATUS_PENDING) {
        NmrWaitForClientDeregisterComplete(NmrClientHandle);
    }
}
