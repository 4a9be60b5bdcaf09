// Event tracing, found at run time.
#include "probe.h"

typedef struct {
    USHORT id;
    UCHAR version, channel, level, opcode;
    USHORT task;
    ULONGLONG keyword;
} DESCRIPTOR;

typedef struct {
    ULONGLONG address;
    ULONG size, type;
} DATA;

typedef VOID(NTAPI *ENABLED)(const GUID *, ULONG, UCHAR, ULONGLONG, ULONGLONG, PVOID, PVOID);
typedef NTSTATUS(NTAPI *REGISTER)(const GUID *, ENABLED, PVOID, ULONGLONG *);
typedef NTSTATUS(NTAPI *UNREGISTER)(ULONGLONG);
typedef NTSTATUS(NTAPI *SET_INFORMATION)(ULONGLONG, ULONG, const VOID *, ULONG);
typedef NTSTATUS(NTAPI *WRITE)(ULONGLONG, const DESCRIPTOR *, const GUID *, const GUID *, ULONG, const DATA *);

static const GUID PROVIDER = {0x01020304, 0x0506, 0x0708, {9, 10, 11, 12, 13, 14, 15, 16}};
