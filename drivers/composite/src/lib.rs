//! Sample driver composite.
