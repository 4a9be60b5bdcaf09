//! The code of the guide in `docs/*.md`. `tests/blocks.rs` sees that the guide shows nothing but what is compiled here.
#![forbid(unsafe_code)]

// The guide has each module of the first chapter in a crate of its own.
extern crate self as gauge_npi;

mod contract;
pub mod gauge_meter;
pub mod gauge_reader;
pub mod time_asker;

pub use contract::gauge;
