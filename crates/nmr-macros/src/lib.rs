//! The macros of the nmr crate: #[npi] and driver!.
