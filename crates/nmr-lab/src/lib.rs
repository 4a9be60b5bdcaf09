//! A lab machine made of a Wine prefix and our own Network Module Registrar.
