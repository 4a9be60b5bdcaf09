/*
 * netioddk.h: the Network Module Registrar, as nmr-sim offers it to modules in C and C++ on a desk.
 *
 * The names, structures and functions are those that Windows documents for its header of this name, so that a module
 * written for the kernel compiles against this file; the comments are ours. C11 or C++17 and later. NTSTATUS, LONG and
 * ULONG have 32 bits on every host; handles are pointers.
 *
 *     cargo build -p nmr-sim --release           leaves libnmr_sim.so and libnmr_sim.a in target/release
 *     cc -I crates/nmr-sim/include module.c -L target/release -lnmr_sim -Wl,-rpath,$PWD/target/release
 *     cc -I crates/nmr-sim/include module.c target/release/libnmr_sim.a
 *
 * How NMR works
 *   A module registers once for each NPI and each role. NMR offers every provider of an NPI to every client of it, on
 *   the thread that registers last: ClientAttachProvider is called, which declines, or accepts by calling
 *   NmrClientAttachProvider, in which ProviderAttachClient is called. Deregistering either side calls the detach
 *   callbacks of both, on the deregistering thread. A side that answers STATUS_PENDING completes later, once. When
 *   both are done both cleanup callbacks are called, and when nothing of the registration is left its wait returns.
 *   No lock is held during a callback, and any of these functions may be called from one, except that a callback does
 *   not wait for a registration whose binding it serves. All functions may be called on any thread at any time.
 *
 * What breaks a rule
 *   is reported on standard error with the rule's name and the page of Microsoft's documentation, and the function
 *   answers as documented. A handle that is NULL, freed, random or of another kind is looked up and never followed.
 *   A callback leaves by its return and on no other way, as in the kernel. A C++ exception that leaves one cannot reach
 *   whoever called NMR: the process is aborted, with a report that names the callback. longjmp out of one, as some test
 *   frameworks do when a check fails, skips what NMR has to do when the callback has returned: it is undefined, and the
 *   binding stays for ever, as the report of the wait for it says. Let callbacks note what failed, and fail afterwards.
 *
 * Settings, in the environment
 *   NMR_SIM_ON_VIOLATION              report, abort, collect or count: what happens when a rule is broken
 *   NMR_SIM_DETACH_ORDER              client-first, provider-first or seeded: what Windows does not document
 *   NMR_SIM_CLEANUP_ORDER             client-first, provider-first or seeded: likewise
 *   NMR_SIM_DETACH_IRQL               passive, apc or dispatch: at which level detach and cleanup callbacks run at least
 *   NMR_SIM_CLEANUP_FOR_NULL_CONTEXT  yes or no: likewise
 *   NMR_SIM_IDLE_DEREGISTER           pending or success: what a deregistration answers that leaves no binding
 *   NMR_SIM_CLEANUP_OVERTAKES_DETACH  yes or no: likewise
 *   NMR_SIM_WAIT_COVERS_DETACH        yes or no: likewise
 *   NMR_SIM_SEED                      a number: delays threads and makes the choices above by that seed
 *   NMR_SIM_WAIT_REPORT               milliseconds after which a wait says what holds it
 *   NMR_SIM_WAIT_LIMIT                milliseconds after which a wait aborts the process, having said so
 *   NMR_SIM_FAIL_NTH                  a number: that call which may fail does fail
 *   NMR_SIM_EVENTS                    off, record or print: what becomes of the story of all calls and callbacks
 * nmr_sim.h says more about each, and has the functions that do the same and more from within a program.
 *
 * Types that a host has already
 *   Where <windows.h> or another header defines NTSTATUS, HANDLE, GUID and their kin, define NMR_SIM_NO_NT_TYPES before
 *   this file is included; on Windows that is done for you.
 */
#ifndef NMR_SIM_NETIODDK_H
#define NMR_SIM_NETIODDK_H

#include "netiodef.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a module shows of itself to its peers. NMR passes the module's own structure on and copies nothing: it stays in
 * place until the wait for the registration has returned, and so does all that it points to. */
typedef struct _NPI_REGISTRATION_INSTANCE {
    USHORT Version;                          /* 0 */
    USHORT Size;                             /* sizeof(NPI_REGISTRATION_INSTANCE) */
    PNPIID NpiId;                            /* the NPI: all that NMR looks at */
    PNPI_MODULEID ModuleId;                  /* who the module is */
    ULONG Number;                            /* which of the module's implementations; 0 if there is one */
    const VOID *NpiSpecificCharacteristics;  /* as the NPI defines; NULL if it defines none */
} NPI_REGISTRATION_INSTANCE;

/* Peers see each other's structures and do not change them. */
typedef const NPI_REGISTRATION_INSTANCE *PNPI_REGISTRATION_INSTANCE;

/* How an NPI may lay out what it hands over: a handle, and the functions that take it. NMR itself has no use for it. */
typedef struct _NPI {
    HANDLE Handle;
    const VOID *Dispatch;
} NPI;

/* ---- callbacks of a client ---------------------------------------------------------------------------------------- */

/* A provider is offered. Declines with STATUS_NOINTERFACE, or makes its binding context, calls NmrClientAttachProvider
 * and returns the very status of that call. At PASSIVE_LEVEL. */
typedef NTSTATUS (NTAPI NPI_CLIENT_ATTACH_PROVIDER_FN)(
    _In_ HANDLE NmrBindingHandle,
    _In_ PVOID ClientContext,
    _In_ PNPI_REGISTRATION_INSTANCE ProviderRegistrationInstance);
typedef NPI_CLIENT_ATTACH_PROVIDER_FN *PNPI_CLIENT_ATTACH_PROVIDER_FN;

/* Start no new call into the provider. STATUS_SUCCESS if none is in progress; otherwise STATUS_PENDING, and
 * NmrClientDetachProviderComplete when the last one has ended. Up to DISPATCH_LEVEL, so it must not wait. */
typedef NTSTATUS (NTAPI NPI_CLIENT_DETACH_PROVIDER_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_DETACH_PROVIDER_FN *PNPI_CLIENT_DETACH_PROVIDER_FN;

/* Both sides have detached: the binding context can be freed, here and nowhere else. Up to DISPATCH_LEVEL. */
typedef VOID (NTAPI NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ClientBindingContext);
typedef NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN *PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN;

/* ---- callbacks of a provider -------------------------------------------------------------------------------------- */

/* A client wants to attach. Declines with STATUS_NOINTERFACE, or keeps what it is given, sets both results and returns
 * STATUS_SUCCESS. At PASSIVE_LEVEL. */
typedef NTSTATUS (NTAPI NPI_PROVIDER_ATTACH_CLIENT_FN)(
    _In_ HANDLE NmrBindingHandle,
    _In_ PVOID ProviderContext,
    _In_ PNPI_REGISTRATION_INSTANCE ClientRegistrationInstance,
    _In_ PVOID ClientBindingContext,
    _In_ const VOID *ClientDispatch,
    _Out_ PVOID *ProviderBindingContext,
    _Out_ const VOID **ProviderDispatch);
typedef NPI_PROVIDER_ATTACH_CLIENT_FN *PNPI_PROVIDER_ATTACH_CLIENT_FN;

/* Start no new call into the client; as for the client's, completed by NmrProviderDetachClientComplete. */
typedef NTSTATUS (NTAPI NPI_PROVIDER_DETACH_CLIENT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_DETACH_CLIENT_FN *PNPI_PROVIDER_DETACH_CLIENT_FN;

/* As for the client's. */
typedef VOID (NTAPI NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN)(_In_ PVOID ProviderBindingContext);
typedef NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN *PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN;

/* ---- what a module registers -------------------------------------------------------------------------------------- */

/* A client of one NPI. It stays in place, unchanged, until the wait for the registration has returned. */
typedef struct _NPI_CLIENT_CHARACTERISTICS {
    USHORT Version;  /* 0 */
    USHORT Length;   /* sizeof(NPI_CLIENT_CHARACTERISTICS) */
    PNPI_CLIENT_ATTACH_PROVIDER_FN ClientAttachProvider;
    PNPI_CLIENT_DETACH_PROVIDER_FN ClientDetachProvider;
    PNPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN ClientCleanupBindingContext;  /* NULL if there is nothing to clean up */
    NPI_REGISTRATION_INSTANCE ClientRegistrationInstance;
} NPI_CLIENT_CHARACTERISTICS;
typedef const NPI_CLIENT_CHARACTERISTICS *PNPI_CLIENT_CHARACTERISTICS;

/* A provider of one NPI; as for a client. */
typedef struct _NPI_PROVIDER_CHARACTERISTICS {
    USHORT Version;  /* 0 */
    USHORT Length;   /* sizeof(NPI_PROVIDER_CHARACTERISTICS) */
    PNPI_PROVIDER_ATTACH_CLIENT_FN ProviderAttachClient;
    PNPI_PROVIDER_DETACH_CLIENT_FN ProviderDetachClient;
    PNPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN ProviderCleanupBindingContext;  /* NULL if there is nothing to clean up */
    NPI_REGISTRATION_INSTANCE ProviderRegistrationInstance;
} NPI_PROVIDER_CHARACTERISTICS;
typedef const NPI_PROVIDER_CHARACTERISTICS *PNPI_PROVIDER_CHARACTERISTICS;

/* ---- the functions ------------------------------------------------------------------------------------------------ */

/* Registers a client and offers it the providers that are there, before it returns. STATUS_SUCCESS also if all decline;
 * STATUS_INVALID_PARAMETER if a pointer that must be there is not; STATUS_INSUFFICIENT_RESOURCES if that was asked for.
 * At PASSIVE_LEVEL. */
NTSTATUS NTAPI NmrRegisterClient(
    _In_ PNPI_CLIENT_CHARACTERISTICS ClientCharacteristics,
    _In_opt_ PVOID ClientContext,
    _Out_ PHANDLE NmrClientHandle);

/* Detaches the client from its providers. STATUS_PENDING: the module waits next. STATUS_INVALID_PARAMETER for a handle
 * that is not one of a registered client. Up to DISPATCH_LEVEL. */
NTSTATUS NTAPI NmrDeregisterClient(_In_ HANDLE NmrClientHandle);

/* Returns when the client is attached to nobody and no callback of it runs: the module may be unloaded then. It closes
 * the handle. STATUS_INVALID_PARAMETER before NmrDeregisterClient, a second time, or for a bad handle.
 * STATUS_INVALID_DEVICE_STATE in a callback that it would wait for. Below DISPATCH_LEVEL. */
NTSTATUS NTAPI NmrWaitForClientDeregisterComplete(_In_ HANDLE NmrClientHandle);

/* Asks the provider that is being offered. Called in ClientAttachProvider, whose answer is then this call's answer;
 * again only after it has failed. The results are written on success only. At PASSIVE_LEVEL. */
NTSTATUS NTAPI NmrClientAttachProvider(
    _In_ HANDLE NmrBindingHandle,
    _In_ PVOID ClientBindingContext,
    _In_ const VOID *ClientDispatch,
    _Out_ PVOID *ProviderBindingContext,
    _Out_ const VOID **ProviderDispatch);

/* The client, whose ClientDetachProvider has answered STATUS_PENDING or will, is done. Its cleanup may run inside this
 * call: the binding context is not touched afterwards. Up to DISPATCH_LEVEL. */
VOID NTAPI NmrClientDetachProviderComplete(_In_ HANDLE NmrBindingHandle);

/* Registers a provider and offers it to the clients that are there; as for a client. */
NTSTATUS NTAPI NmrRegisterProvider(
    _In_ PNPI_PROVIDER_CHARACTERISTICS ProviderCharacteristics,
    _In_opt_ PVOID ProviderContext,
    _Out_ PHANDLE NmrProviderHandle);

/* As for a client. */
NTSTATUS NTAPI NmrDeregisterProvider(_In_ HANDLE NmrProviderHandle);

/* As for a client. */
NTSTATUS NTAPI NmrWaitForProviderDeregisterComplete(_In_ HANDLE NmrProviderHandle);

/* As for a client. */
VOID NTAPI NmrProviderDetachClientComplete(_In_ HANDLE NmrBindingHandle);

#ifdef __cplusplus
}
#endif

#endif
