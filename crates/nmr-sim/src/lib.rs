//! A Network Module Registrar in user mode: an oracle for drivers that are clients or providers of NPIs.
//!
//! A [`World`] is one NMR. It knows the C contract of `nmr-abi` and nothing of any framework built on it. Where the
//! documentation leaves a choice to Windows, the choice is a setting of [`WorldBuilder`]; where a module breaks a
//! rule, a [`Violation`] names the rule and the page it stands on.
//!
//! ```
//! use nmr_sim::World;
//!
//! let world = World::new();
//! // ... register modules through nmr_abi::Registrar, let them work, take them down ...
//! world.assert_clean();
//! world.assert_unloaded();
//! ```
//!
//! # What it finds
//! - [`Rule`] is every rule that a module can break, each with its page. A world collects violations, panics, or tells
//!   somebody. Memory from [`World::allocate`] is poisoned when it is freed, and watched while it is in use.
//! - What the documentation leaves open is a setting: whose callback comes first, whether NULL is cleaned up, and more.
//! - [`check`] lives a life under many seeds, in which every choice is owned, and tells of the smallest choices under which
//!   it fails; [`explore`] takes every choice every way and counts the states.
//! - [`each_failure`] fails every call of a life in turn; peers can be stalled, callbacks made to run at DISPATCH_LEVEL.
//! - [`World::diagram`] draws what happened, and a test that fails prints it.
//!
//! # How a world works
//! - Every callback runs on the thread that caused it, and no lock of the world is held meanwhile.
//! - Each NPI has its own lists of clients and providers, each registration its own bindings, each binding its own
//!   state: nothing is found by searching, and threads on different NPIs do not meet.
//! - Handles are numbers that were never given out before and are looked up, never followed; a stale one is
//!   recognised.
//! - A deregistration detaches what is attached. An attachment that was still being made is detached by the thread
//!   that makes it, as soon as the client's attach callback has returned.

mod attach;
mod binding;
mod builder;
#[cfg(feature = "exports")]
pub mod c_library;
mod callbacks;
mod choices;
mod contract;
mod detach;
mod epitaphs;
pub mod explore;
mod faults;
mod fence;
mod fingerprint;
mod frames;
mod handles;
mod held;
mod irql;
mod judge;
mod memory;
mod module;
mod npi;
mod number_map;
mod patience;
mod registered;
mod registrar;
mod registration;
mod run;
mod schedule;
mod shrink;
mod side;
mod state;
mod sync;
mod table;
mod trace;
mod tsan;
mod wait;
mod world;

pub use binding::Phase;
pub use builder::{Order, Sequence, Sizes, WorldBuilder};
pub use choices::Choices;
pub use contract::{OnViolation, Rule, Severity, Violation};
pub use faults::each_failure;
pub use irql::{Irql, Raised, is_at_dispatch};
pub use registration::Stage;
pub use run::{Moment, Performed, Run, Standing, check, replay};
pub use schedule::{Callback, Point, Schedule, SeededSchedule};
pub use shrink::shrink;
pub use side::Side;
pub use state::{BindingState, HalfState, RegistrationState, State};
pub use trace::{Event, What};
pub use world::{Left, World};
