//! The contract, seen by modules in the shape of C: raw callbacks, contexts on the heap, nothing but nmr-abi.

mod attach;
mod bare;
mod detach;
mod diagram;
mod faults;
mod handles;
mod irql;
mod listeners;
mod misuse;
#[cfg(not(miri))]
mod model;
mod null_contexts;
mod order;
mod peer;
mod races;
mod rules;
// Its lives that fail leave contexts behind, which Miri would call leaks.
#[cfg(not(miri))]
mod schedules;
mod small_worlds;
mod stress;
mod trace;
mod wait;
