//! The bugs that shipping NMR drivers had, each made once more on a toy module in C's terms, and the same story told with
//! the framework, which does not have it.
//!
//! A test whose name ends in `_in_c` shows that the bug is real and is seen; the one that ends in `_here` that it is not
//! in the framework.

#![allow(unreachable_pub, reason = "the declarations are written as a driver writes them")]

mod attaching;
#[path = "../contract_rows/bent.rs"]
#[allow(dead_code, reason = "the rows of the contract use the rest")]
mod bent;
#[path = "../contract_rows/drivers.rs"]
#[allow(dead_code, reason = "the rows of the contract use the rest")]
mod drivers;
#[path = "../contract_rows/events.rs"]
#[allow(dead_code, reason = "the rows of the contract use the rest")]
mod events;
mod handles;
mod hanging;
mod lifetime;
mod locks;
mod netevent;
mod pointers;
mod raising;
mod registering;
#[path = "../contract_rows/seeds.rs"]
#[allow(dead_code, reason = "the rows of the contract use the rest")]
mod seeds;
mod simulator;
#[allow(dead_code, reason = "the rows of the contract use the rest")]
mod toy;
mod waiting;
