//! The Windows kernel side of the nmr crate.
