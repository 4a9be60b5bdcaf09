//! Each row of the edge cases of NMR's contract, and what the framework does in it, on either side of an NPI.
//!
//! A row's tests begin with `row_<number>`. Where nobody outside Microsoft knows what NMR does with something, the row
//! says that the framework never does it, and that it bears a peer that does.

#![allow(unreachable_pub, reason = "the declarations are written as a driver writes them")]

mod answers;
mod attach_races;
mod bent;
mod churn;
mod completion;
mod deregister;
#[allow(dead_code, reason = "the bug classes use the rest")]
mod drivers;
mod events;
mod impetuous;
mod reentry;
mod restless;
mod seeds;
mod several;
#[path = "../bug_classes/toy/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the bug classes use the rest")]
mod toy;
