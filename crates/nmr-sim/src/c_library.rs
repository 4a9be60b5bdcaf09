//! The simulator as a C library: the nine functions under their own names, for modules in any language, over one world
//! for the process, and the functions that configure and question it.
//!
//! `include/netioddk.h` declares the nine, `include/nmr_sim.h` the others. Rust programs have no need of this module;
//! one that stands in for the operating system, as the lab's NETIO.SYS does, installs what its worlds are made of.

mod control;
mod ledger;
mod process_world;
mod registrar;
mod settings;

pub use process_world::{install, reset, set, world};
