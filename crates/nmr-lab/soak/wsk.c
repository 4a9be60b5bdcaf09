// A WSK for the lab, in C: provider of the NPI of Winsock Kernel, with datagram sockets that reach themselves only.
//
// It completes IRPs in each way that its clients must bear with: before the call returns or later on another thread, at
// PASSIVE_LEVEL or at DISPATCH_LEVEL, with a failure now and then; one that waits for a datagram only when it comes, or when
// the IRP is cancelled or the socket closed. When it goes it does not complete its detach before its client has closed all
// sockets: sometimes after the last call into the client has returned, and sometimes right before that call.
#include "nmr.h"
#include "draw.h"

#define NAME "wsk-subsystem"
#define TAG 'kksW'
#define NON_PAGED 4
#define LONGEST 2048

typedef struct {
    const VOID *Dispatch;
} WSK_SOCKET;

typedef struct {
    PMDL Mdl;
    ULONG Offset;
    SIZE_T Length;
} WSK_BUF;

typedef struct {
    USHORT Family, Port;
    ULONG Address;
    UCHAR Zero[8];
} ADDRESS;

typedef struct {
    HANDLE nmr;
    LONG sockets;
    BOOLEAN detaching;
} CLIENT;

typedef struct {
    WSK_SOCKET raw;
    CLIENT *client;
    ADDRESS local;
    // The datagram that has arrived, if one has.
    BOOLEAN arrived;
    SIZE_T length;
    UCHAR bytes[LONGEST];
} SOCKET;

enum { OPEN, BIND, SEND, RECEIVE, CLOSE };

typedef struct {
    LIST_ENTRY link;
    ULONG what;
    PIRP irp;
    CLIENT *client;
    SOCKET *socket;
    PUCHAR bytes;
    SIZE_T length;
    ADDRESS *address;
} WORK;

static const GUID WSK = {0x2227e803, 0x8d8b, 0x11d4, {0xab, 0xad, 0x00, 0x90, 0x27, 0x71, 0x9e, 0x09}};
static const NPI_MODULEID MODULE = {
    sizeof(NPI_MODULEID), 1, {0xa4b1e6d0, 0x6d2b, 0x4f0e, {0x9f, 0x3e, 0x2f, 0x7c, 0x5f, 0x3b, 0x0b, 0x22}}};

static KSPIN_LOCK lock;
static LIST_ENTRY works;
static HANDLE registration;
static PVOID worker;
static volatile LONG stopping;
static LONG cancelled, at_once, at_dispatch, wrong;

static VOID expect(BOOLEAN right, PCSTR what) {
    if (!right) {
        InterlockedIncrement(&wrong);
        DbgPrint(NAME ": %s\n", what);
    }
}

static VOID complete(PIRP irp, NTSTATUS status, ULONG_PTR information) {
    BOOLEAN raise = draw(3) == 0;
    KIRQL before = raise ? raise_irql(DISPATCH_LEVEL) : PASSIVE_LEVEL;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    if (raise) {
        at_dispatch++;
        lower_irql(before);
    }
}

static NTSTATUS NTAPI control_socket(WSK_SOCKET *, ULONG, ULONG, ULONG, SIZE_T, PVOID, SIZE_T, PVOID, SIZE_T *, PIRP);
static NTSTATUS NTAPI close_socket(WSK_SOCKET *, PIRP);
static NTSTATUS NTAPI bind_socket(WSK_SOCKET *, ADDRESS *, ULONG, PIRP);
static NTSTATUS NTAPI send_to(WSK_SOCKET *, WSK_BUF *, ULONG, ADDRESS *, ULONG, PVOID, PIRP);
static NTSTATUS NTAPI receive_from(WSK_SOCKET *, WSK_BUF *, ULONG, ADDRESS *, ULONG *, PVOID, ULONG *, PIRP);
static NTSTATUS NTAPI release(WSK_SOCKET *, PVOID);
static NTSTATUS NTAPI get_local_address(WSK_SOCKET *, ADDRESS *, PIRP);

static const struct {
    PVOID control_socket, close_socket, bind, send_to, receive_from, release, get_local_address;
} datagram_table = {control_socket, close_socket, bind_socket, send_to, receive_from, release, get_local_address};

// NULL if the client is going: its detach may have been answered already.
static SOCKET *make_socket(CLIENT *client) {
    SOCKET *socket = ExAllocatePoolWithTag(NonPagedPool, sizeof(SOCKET), TAG);
    BOOLEAN going;
    KIRQL before;
    RtlZeroMemory(socket, sizeof(SOCKET));
    socket->raw.Dispatch = &datagram_table;
    socket->client = client;
    before = KeAcquireSpinLockRaiseToDpc(&lock);
    going = client->detaching;
    client->sockets += !going;
    KeReleaseSpinLock(&lock, before);
    if (going) {
        ExFreePoolWithTag(socket, TAG);
        return NULL;
    }
    return socket;
}

// Does what a request asks for. FALSE if there is nothing to receive yet.
static BOOLEAN serve(WORK *work) {
    SOCKET *socket = work->socket;
    PIRP irp = work->irp;
    switch (work->what) {
    case OPEN:
        socket = draw(16) ? make_socket(work->client) : NULL;
        complete(irp, socket ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES, (ULONG_PTR)socket);
        return TRUE;
    case BIND:
        socket->local = *work->address;
        complete(irp, STATUS_SUCCESS, 0);
        return TRUE;
    case SEND:
        if (work->address->Port == socket->local.Port && work->length <= LONGEST) {
            RtlCopyMemory(socket->bytes, work->bytes, work->length);
            socket->length = work->length;
            socket->arrived = TRUE;
        }
        complete(irp, STATUS_SUCCESS, work->length);
        return TRUE;
    case RECEIVE:
        if (irp->Cancel) {
            cancelled++;
            complete(irp, STATUS_CANCELLED, 0);
        } else if (socket->arrived) {
            SIZE_T length = socket->length < work->length ? socket->length : work->length;
            RtlCopyMemory(work->bytes, socket->bytes, length);
            *work->address = socket->local;
            socket->arrived = FALSE;
            complete(irp, STATUS_SUCCESS, length);
        } else {
            return FALSE;
        }
        return TRUE;
    default: {
        CLIENT *client = socket->client;
        HANDLE nmr = client->nmr;
        BOOLEAN last, first = draw(2);
        KIRQL before;
        ExFreePoolWithTag(socket, TAG);
        // The client may be cleaned up when its detach is completed, and not before its last socket is closed.
        if (!first) {
            complete(irp, STATUS_SUCCESS, 0);
        }
        before = KeAcquireSpinLockRaiseToDpc(&lock);
        last = --client->sockets == 0 && client->detaching;
        KeReleaseSpinLock(&lock, before);
        if (last) {
            NmrProviderDetachClientComplete(nmr);
        }
        if (first) {
            complete(irp, STATUS_SUCCESS, 0);
        }
        return TRUE;
    }
    }
}

// Serves a request here and now, or leaves it to the worker. What is answered matters to nobody: the IRP is completed.
static NTSTATUS submit(WORK given) {
    WORK *work;
    KIRQL before;
    expect(given.irp->StackCount >= 1, "an IRP without a stack location");
    IoSetNextIrpStackLocation(given.irp);
    if (draw(3) == 0 && serve(&given)) {
        InterlockedIncrement(&at_once);
        return draw(2) ? STATUS_SUCCESS : STATUS_PENDING;
    }
    IoMarkIrpPending(given.irp);
    work = ExAllocatePoolWithTag(NonPagedPool, sizeof(WORK), TAG);
    *work = given;
    before = KeAcquireSpinLockRaiseToDpc(&lock);
    InsertTailList(&works, &work->link);
    KeReleaseSpinLock(&lock, before);
    return STATUS_PENDING;
}

// One look at everything that is queued now. TRUE if nothing was.
static BOOLEAN serve_all(VOID) {
    LIST_ENTRY waiting;
    BOOLEAN empty = TRUE;
    InitializeListHead(&waiting);
    for (;;) {
        WORK *work = NULL;
        KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
        if (!IsListEmpty(&works)) {
            work = CONTAINING_RECORD(RemoveHeadList(&works), WORK, link);
        }
        KeReleaseSpinLock(&lock, before);
        if (!work) {
            break;
        }
        empty = FALSE;
        if (serve(work)) {
            ExFreePoolWithTag(work, TAG);
        } else {
            InsertTailList(&waiting, &work->link);
        }
    }
    while (!IsListEmpty(&waiting)) {
        PLIST_ENTRY entry = RemoveHeadList(&waiting);
        KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
        InsertTailList(&works, entry);
        KeReleaseSpinLock(&lock, before);
    }
    return empty;
}

static VOID NTAPI work(PVOID unused) {
    LARGE_INTEGER time;
    time.QuadPart = -10000LL;
    for (;;) {
        BOOLEAN stop = stopping;
        if (serve_all() && stop) {
            return;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &time);
    }
}

static NTSTATUS with_bytes(ULONG what, WSK_SOCKET *socket, WSK_BUF *buffer, ADDRESS *address, PIRP irp) {
    WORK work = {{0}, what, irp, NULL, (SOCKET *)socket, NULL, buffer->Length, address};
    if (buffer->Length) {
        expect(buffer->Mdl->MdlFlags & NON_PAGED, "an MDL that was not built");
        expect(buffer->Offset + buffer->Length <= MmGetMdlByteCount(buffer->Mdl), "an MDL that is too short");
        work.bytes = (PUCHAR)buffer->Mdl->MappedSystemVa + buffer->Offset;
    }
    return submit(work);
}

static NTSTATUS NTAPI send_to(WSK_SOCKET *socket, WSK_BUF *buffer, ULONG flags, ADDRESS *remote, ULONG control_length, PVOID control, PIRP irp) {
    return with_bytes(SEND, socket, buffer, remote, irp);
}

static NTSTATUS NTAPI receive_from(WSK_SOCKET *socket, WSK_BUF *buffer, ULONG flags, ADDRESS *remote, ULONG *control_length, PVOID control,
                                   ULONG *control_flags, PIRP irp) {
    return with_bytes(RECEIVE, socket, buffer, remote, irp);
}

static NTSTATUS NTAPI bind_socket(WSK_SOCKET *socket, ADDRESS *local, ULONG flags, PIRP irp) {
    WORK work = {{0}, BIND, irp, NULL, (SOCKET *)socket, NULL, 0, local};
    return submit(work);
}

static NTSTATUS NTAPI close_socket(WSK_SOCKET *socket, PIRP irp) {
    WORK work = {{0}, CLOSE, irp, NULL, (SOCKET *)socket, NULL, 0, NULL};
    return submit(work);
}

static NTSTATUS refuse(PIRP irp) {
    expect(FALSE, "a function is called that the client has no use for");
    IoSetNextIrpStackLocation(irp);
    complete(irp, STATUS_NOT_SUPPORTED, 0);
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS NTAPI control_socket(WSK_SOCKET *socket, ULONG type, ULONG code, ULONG level, SIZE_T in, PVOID input, SIZE_T out, PVOID output,
                                     SIZE_T *returned, PIRP irp) {
    return refuse(irp);
}

static NTSTATUS NTAPI get_local_address(WSK_SOCKET *socket, ADDRESS *address, PIRP irp) {
    return refuse(irp);
}

static NTSTATUS NTAPI release(WSK_SOCKET *socket, PVOID indication) {
    expect(FALSE, "a function is called that the client has no use for");
    return STATUS_NOT_SUPPORTED;
}

static NTSTATUS NTAPI open_socket(CLIENT *client, USHORT family, USHORT type, ULONG protocol, ULONG flags, PVOID context, const VOID *dispatch,
                                  PVOID process, PVOID thread, PVOID security, PIRP irp) {
    WORK work = {{0}, OPEN, irp, client, NULL, NULL, 0, NULL};
    expect(family == 2 && type == 2 && protocol == 17 && flags == 4, "a socket that is not for datagrams");
    return submit(work);
}

static NTSTATUS NTAPI socket_connect(CLIENT *client, USHORT type, ULONG protocol, PVOID local, PVOID remote, ULONG flags, PVOID context,
                                     const VOID *dispatch, PVOID process, PVOID thread, PVOID security, PIRP irp) {
    return refuse(irp);
}

static NTSTATUS NTAPI control_client(CLIENT *client, ULONG code, SIZE_T in, PVOID input, SIZE_T out, PVOID output, SIZE_T *returned, PIRP irp) {
    return refuse(irp);
}

static const struct {
    USHORT version, reserved;
    PVOID socket, socket_connect, control_client;
} provider_table = {0x0100, 0, open_socket, socket_connect, control_client};

static const struct {
    USHORT highest, lowest;
} versions = {0x0100, 0x0100};

static NTSTATUS NTAPI attach(HANDLE nmr, PVOID context, const NPI_REGISTRATION_INSTANCE *instance, PVOID client_context,
                             const VOID *client_table, PVOID *own_context, const VOID **own_table) {
    CLIENT *client = ExAllocatePoolWithTag(NonPagedPool, sizeof(CLIENT), TAG);
    expect(*(const USHORT *)client_table == 0x0100, "a client that asks for another version");
    RtlZeroMemory(client, sizeof(CLIENT));
    client->nmr = nmr;
    *own_context = client;
    *own_table = &provider_table;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI detach(PVOID context) {
    CLIENT *client = context;
    BOOLEAN open;
    KIRQL before = KeAcquireSpinLockRaiseToDpc(&lock);
    client->detaching = TRUE;
    open = client->sockets > 0;
    KeReleaseSpinLock(&lock, before);
    return open ? STATUS_PENDING : STATUS_SUCCESS;
}

static VOID NTAPI cleanup(PVOID context) {
    CLIENT *client = context;
    expect(client->sockets == 0, "a client is cleaned up that has open sockets");
    ExFreePoolWithTag(client, TAG);
}

static NPI_PROVIDER_CHARACTERISTICS provider;

static VOID NTAPI unload(PDRIVER_OBJECT driver) {
    NTSTATUS status = NmrDeregisterProvider(registration);
    if (status == STATUS_PENDING) {
        status = NmrWaitForProviderDeregisterComplete(registration);
    }
    expect(status == STATUS_SUCCESS, "the registration cannot be given back");
    stopping = 1;
    KeWaitForSingleObject(worker, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(worker);
    DbgPrint(NAME ": stop: cancelled %d at_once %d at_dispatch %d wrong %d\n", cancelled, at_once, at_dispatch, wrong);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {
    NPI_REGISTRATION_INSTANCE instance = {0, sizeof(instance), &WSK, &MODULE, 0, &versions};
    NPI_PROVIDER_CHARACTERISTICS made = {0, sizeof(made), attach, detach, cleanup, instance};
    HANDLE handle;
    NTSTATUS status;
    KeInitializeSpinLock(&lock);
    InitializeListHead(&works);
    status = PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, work, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &worker, NULL);
    ZwClose(handle);
    provider = made;
    driver->DriverUnload = unload;
    return NmrRegisterProvider(&provider, NULL, &registration);
}
