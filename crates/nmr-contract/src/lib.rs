//! What an `#[npi]` contract says. The macro makes Rust of it, `cargo xtask header` makes C of it; this crate reads it for
//! both, and finds what is wrong with it.

#![expect(
    missing_debug_implementations,
    reason = "syn's types have none, except with a feature that all dependents would pay for"
)]

mod alias;
mod argument;
mod attributes;
pub mod c;
mod c_type;
mod characteristics;
mod contract;
mod convention;
mod function;
mod identity;
mod layout;
mod misplaced;
mod mistakes;
mod plain;
mod table;
mod taken_names;

pub use alias::Alias;
pub use argument::{Argument, Arguments, Level, Passing, Target};
pub use characteristics::Characteristics;
pub use contract::{Contract, Reading};
pub use convention::{Convention, Kind};
pub use function::{Function, Output};
pub use identity::Identity;
pub use layout::Layout;
pub use mistakes::Mistakes;
pub use plain::{Field, PlainStruct};
pub use table::Table;
