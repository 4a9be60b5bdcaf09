/* netiodef.h: how NPIs and network modules are identified. C11 or C++17 and later; see netioddk.h. */
#ifndef NMR_SIM_NETIODEF_H
#define NMR_SIM_NETIODEF_H

#include <string.h>

#include "nmr_sim/annotations.h"
#include "nmr_sim/nt_types.h"

/* What Windows has under this key is not documented; here nothing looks at it. */
#ifndef NMR_REG_KEY_PATH
#define NMR_REG_KEY_PATH L"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\NMR\\providers"
#endif

/* An NPI. */
typedef GUID NPIID;
typedef const NPIID *PNPIID;

/* Which member of an NPI_MODULEID counts. */
typedef enum _NPI_MODULEID_TYPE {
    MIT_GUID = 1,
    MIT_IF_LUID
} NPI_MODULEID_TYPE;

/* A network module. NMR does not look at it; peers may. */
typedef struct _NPI_MODULEID {
    USHORT Length;  /* sizeof(NPI_MODULEID) */
    NPI_MODULEID_TYPE Type;
    union {
        GUID Guid;
        LUID IfLuid;
    };
} NPI_MODULEID;
typedef const NPI_MODULEID *PNPI_MODULEID;

/* Whether two modules are the same: the type and the member that it names decide. An unknown type is never the same. */
static inline BOOLEAN NmrIsEqualNpiModuleId(_In_ PNPI_MODULEID Module1, _In_ PNPI_MODULEID Module2)
{
    if (Module1->Type != Module2->Type) {
        return 0;
    }
    switch (Module1->Type) {
    case MIT_GUID:
        return (BOOLEAN)(memcmp(&Module1->Guid, &Module2->Guid, sizeof(GUID)) == 0);
    case MIT_IF_LUID:
        return (BOOLEAN)(memcmp(&Module1->IfLuid, &Module2->IfLuid, sizeof(LUID)) == 0);
    default:
        return 0;
    }
}

#endif
