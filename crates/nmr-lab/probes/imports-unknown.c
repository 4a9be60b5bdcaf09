// Imports a routine that is not in the table of the lab.
// expect: driver=imports-unknown\.sys .* text=imports ExUuidCreate, whose limit the lab does not know$
#include "probe.h"

NOTHING_AT_STOP

static VOID probe_start(PDRIVER_OBJECT driver) {
    UUID id;
    ExUuidCreate(&id);
}
