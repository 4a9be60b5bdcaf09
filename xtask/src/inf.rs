//! Setup information files (INF): reading, printing, stamping, following what they install, and holding them against the
//! rules. Nothing here but `command` touches a disk.

pub(crate) mod command;
pub(crate) mod decoration;
pub(crate) mod entry;
pub(crate) mod install;
pub(crate) mod lint;
pub(crate) mod model;
mod parse;
pub(crate) mod primitive;
pub(crate) mod print;
pub(crate) mod problem;
pub(crate) mod rule;
pub(crate) mod service;
pub(crate) mod stamp;
mod strings;
mod text;
mod uninstall;

pub(crate) use model::Inf;
pub(crate) use problem::{Place, Problem, Problems};
