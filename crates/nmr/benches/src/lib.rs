//! What the framework and the simulator cost.
//!
//! Three ways to measure, each where it is exact. Ratios come from [paired](paired) samples: everything that is compared
//! runs in turn within one repetition, on pinned threads, and a sample in which the machine did something else is thrown
//! away. Times of one thing come from criterion, in the time that the processor spent on the thread. Counts of instructions come from one
//! [design](call) at a time under callgrind. `cargo xtask bench` runs all of it and knows the targets.

pub mod call;
pub mod echo;
pub mod measurement;
pub mod paired;
pub mod processor;
pub mod raw_module;
pub mod sample;
pub mod sim;
pub mod unload;
