// Echo and Relay as C modules see them.
#include "nmr.h"

static const GUID ECHO = {0xc1b6a3b2, 0x5d0f, 0x4c39, {0x9a, 0x77, 0x3b, 0x1f, 0x0e, 0x6d, 0x2a, 0x41}};
static const GUID RELAY = {0x2f9a1c57, 0x7b0e, 0x4c6e, {0xbf, 0x0a, 0x91, 0xd7, 0xa1, 0xf2, 0xb3, 0xc4}};

// How dispatch tables of these two NPIs begin, and what is in them.
typedef struct {
    USHORT version, size;
    ULONGLONG(NTAPI *call)(PVOID context, ULONGLONG value);
} ECHO_TABLE;
typedef struct {
    USHORT version, size;
    NTSTATUS(NTAPI *call)(PVOID context, ULONGLONG value, ULONGLONG *result);
} RELAY_TABLE;
