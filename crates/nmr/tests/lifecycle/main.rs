//! Whole drivers over the simulated NMR: from load to unload, with peers that refuse, stall, lie and fail.

#![allow(unreachable_pub, reason = "the declarations are written as a driver writes them")]

mod attach;
mod calls;
mod characteristics;
mod detach;
mod drivers;
mod raw_client;
mod raw_provider;
mod rollback;
mod snapshot;
mod unload;
mod watch;
