//! Drivers without `unsafe` that do whatever the interface lets them do, at the worst moments.
//!
//! They may make themselves slow, and lose peers. They must not reach a peer that is gone, complete twice or never, or
//! leave something behind when Unload has returned. This crate forbids `unsafe`: what it can write, every driver can.

#![forbid(unsafe_code)]
#![allow(unreachable_pub, reason = "the declarations are written as a driver writes them")]

mod callbacks;
mod calls;
mod canary;
mod hooks;
mod neighbours;
mod registrations;
mod rogue;
#[path = "../contract_rows/seeds.rs"]
#[allow(dead_code, reason = "the rows of the contract use the rest")]
mod seeds;
mod siege;
