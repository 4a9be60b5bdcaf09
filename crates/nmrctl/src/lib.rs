//! Installs, starts, stops and reports the drivers of a bundle on a lab machine.
//!
//! The program `nmrctl` lies in every bundle and does everything that touches the machine it runs on. It is called by
//! people, by `cargo xtask deploy` and by the lab; to all of them it answers with one JSON document, an [`Answer`].
//!
//! The parts:
//!
//! - [`arguments`]: the command line;
//! - [`commands`]: what each command decides. No Windows function is called here: a command speaks to a [`Machine`], so
//!   that all decisions are tested on any host against a machine that lies, refuses and hangs;
//! - `windows`: the one real [`Machine`], built for Windows only;
//! - [`answer`] and [`failure`]: the document, the codes and the exit codes, which callers may rely on.

pub mod answer;
pub mod arguments;
pub mod attachments;
pub mod bundle;
pub mod commands;
pub mod failure;
pub mod image_path;
pub mod inf_section;
pub mod machine;
pub mod manifest;
pub mod names;
pub mod service;
#[cfg(windows)]
pub mod windows;

pub use answer::Answer;
pub use failure::{Failure, FailureCode};
pub use machine::Machine;
