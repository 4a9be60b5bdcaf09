//! Sample driver echo-npi.
