/* A host that has the kernel's types and macros already, as a fake of ntddk.h would define them. */
#include <stdint.h>

typedef void *HANDLE, *PVOID;
typedef HANDLE *PHANDLE;
typedef unsigned char UCHAR, BOOLEAN, KIRQL;
typedef unsigned short USHORT;
typedef int LONG, NTSTATUS;
typedef unsigned int ULONG;
#define VOID void
#define NTAPI
#define _In_ /* an analyser's */
#define NT_SUCCESS(status) ((status) >= 0)
#define STATUS_SUCCESS 0
#define STATUS_PENDING 0x103
#define UNREFERENCED_PARAMETER(parameter) (void)(parameter)
#define GUID_DEFINED
typedef struct _GUID {
    ULONG Data1;
    USHORT Data2;
    USHORT Data3;
    UCHAR Data4[8];
} GUID;
typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID;

#ifndef SAME_TYPES
#define NMR_SIM_NO_NT_TYPES
#else
/* The same types under the same names may stand side by side; structures are guarded. */
#define __LUID_DEFINED__
#endif
#include <netioddk.h>
#include <nmr_sim.h>

NTSTATUS (NTAPI *const deregister)(HANDLE) = NmrDeregisterClient;
