//! Sample driver echo-provider.
