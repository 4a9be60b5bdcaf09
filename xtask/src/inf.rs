//! Setup information files (INF): reading, stamping, following what they install, and checking what a primitive driver
//! needs. Nothing here touches a disk.

pub(crate) mod install;
pub(crate) mod model;
mod parse;
pub(crate) mod primitive;
pub(crate) mod problem;
pub(crate) mod stamp;
mod text;
mod uninstall;

pub(crate) use model::Inf;
pub(crate) use problem::{Place, Problem, Problems};
