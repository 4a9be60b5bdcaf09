//! Composite Network Module Registrar drivers: declare, attach, guard, unload.
