//! A driver that panics on purpose, for the lab.
