//! The extension between the clients that the core of eBPF for Windows would register.

#![allow(unreachable_pub, reason = "the core is written as a module of any test")]

#[path = "../../../crates/nmr-npis/tests/ebpf/core.rs"]
#[allow(dead_code, reason = "the core looks for map types as well, which this extension has none of")]
mod core;

use self::core::{Client, attach_link, load_program, read};
use ::core::ffi::c_void;
use ::core::sync::atomic::Ordering;
use ebpf_extension::{ATTACH_TYPE, EbpfExtension, PROGRAM_TYPE, Tick};
use nmr::Status;
use nmr_sim::{SeededSchedule, World};
use nmr_wdk::{Kernel, Loaded};
use std::time::Duration;

fn world(seed: u64) -> World {
    World::builder().schedule(SeededSchedule::new(seed)).wait_limit(Duration::from_secs(20)).build()
}

fn load(world: &World) -> Loaded<EbpfExtension> {
    Loaded::new(Kernel::new(world.clone())).expect("nothing fails")
}

/// A program that returns the number of the tick.
fn number(context: *mut c_void) -> Result<u32, u32> {
    let [number, _]: Tick = read(context, 0);
    Ok(number as u32)
}

fn link(world: &World, body: core::Body) -> Client {
    attach_link(world, ATTACH_TYPE, body).unwrap_or_else(|offers| panic!("{offers:?}"))
}

fn program(world: &World) -> Client {
    load_program(world, PROGRAM_TYPE).unwrap_or_else(|offers| panic!("{offers:?}"))
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::yield_now();
    }
}

#[test]
fn programs_are_loaded_attached_and_run_until_they_go() {
    let world = world(1);
    let extension = load(&world);
    let (program, link) = (program(&world), link(&world, number));
    wait_until(|| link.runs() > 2);
    let ticks = &extension.driver().state;
    let last = || {
        let guard = extension.driver().hook.oldest_peer().expect("attached");
        guard.binding().last_returned.load(Ordering::Relaxed)
    };
    wait_until(|| last() > 0);
    assert!(last() <= ticks.ticks.load(Ordering::Relaxed));
    link.leave();
    program.leave();
    assert_eq!(extension.driver().hook.bindings(), 0);
    assert_eq!(ticks.failures.load(Ordering::Relaxed), 0);
    drop(extension);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_helper_is_where_the_prototype_says() {
    let world = world(2);
    let extension = load(&world);
    let program = program(&world);
    let addresses: *const c_void = program.shown(32);
    let helpers: *const c_void = read(addresses, 32);
    let average: extern "C" fn(u64, u64, u64, u64, u64) -> u64 = read(helpers, 0);
    assert_eq!((read::<u32>(addresses, 24), average(2, 6, 0, 0, 0)), (1, 4));
    program.leave();
    drop(extension);
    world.assert_clean();
}

#[test]
fn a_program_that_cannot_run_is_counted() {
    let world = world(3);
    let extension = load(&world);
    let link = link(&world, |_| Err(4));
    wait_until(|| extension.driver().state.failures.load(Ordering::Relaxed) > 0);
    assert_eq!(extension.driver().state.runs.load(Ordering::Relaxed), 0);
    link.leave();
    drop(extension);
    world.assert_clean();
}

/// The core requires that the provider is attached when NmrRegisterClient returns, for every program and link, and offers
/// itself to every provider of the NPI.
#[test]
fn every_client_of_the_type_is_attached_at_once_and_no_other() {
    let world = world(4);
    let extension = load(&world);
    let mut clients: Vec<Client> = Vec::new();
    for _ in 0..16 {
        clients.extend([program(&world), link(&world, number)]);
    }
    assert_eq!(load_program(&world, ATTACH_TYPE).err(), Some(vec![Status::NOINTERFACE]));
    assert_eq!(attach_link(&world, PROGRAM_TYPE, number).err(), Some(vec![Status::NOINTERFACE]));
    clients.into_iter().for_each(Client::leave);
    drop(extension);
    world.assert_clean();
    world.assert_unloaded();
}

/// The extension is unloaded while its programs run: the core's clients outlive it.
#[test]
fn unloads_while_programs_run() {
    for seed in 0..8 {
        let world = world(seed);
        let extension = load(&world);
        let clients = [program(&world), link(&world, number), link(&world, number)];
        wait_until(|| clients[1].runs() > 0);
        drop(extension);
        clients.into_iter().for_each(Client::leave);
        world.assert_clean();
        world.assert_unloaded();
    }
}
