//! A Network Module Registrar in user mode.
