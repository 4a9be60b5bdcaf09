//! Sample driver echo-client.
