//! An extension of eBPF for Windows between the clients that its core would register.

#![allow(unreachable_pub, reason = "modules of a test are written as those of a library")]

mod core;
mod extension;
mod maps;

use self::core::{attach_link, load_program, read};
use ::core::ffi::c_void;
use extension::{Extension, HOOK, PROGRAM_TYPE};
use nmr::Status;
use nmr::abi::Guid;
use nmr::host::{Host, Loaded};
use nmr_npis::ebpf::hook::EbpfResult;
use nmr_sim::World;

fn load(world: &World) -> Loaded<Extension> {
    Loaded::new(Host::new(world.clone())).expect("nothing fails")
}

/// Adds the two words of its context into the second.
fn add(context: *mut c_void) -> Result<u32, u32> {
    let [first, second]: [u64; 2] = read(context, 0);
    let sum = context.wrapping_byte_add(8).cast::<u64>();
    extension::write(sum, first + second);
    Ok(7)
}

#[test]
fn a_program_finds_its_information() {
    let world = World::new();
    let extension = load(&world);
    let program = load_program(&world, PROGRAM_TYPE).unwrap_or_else(|offers| panic!("{offers:?}"));
    let info: *const c_void = program.shown(24);
    let descriptor: *const c_void = read(info, 24);
    assert_eq!(read::<Guid>(descriptor, 40), PROGRAM_TYPE);
    let context: *const c_void = read(descriptor, 32);
    assert_eq!(read::<[i32; 4]>(context, 0), [16, -1, -1, -1]);
    assert_eq!(
        (read::<u32>(info, 32), read::<u32>(info, 48)),
        (1, 0),
        "helpers of the type, and global ones"
    );
    let addresses: *const c_void = program.shown(32);
    assert_eq!(read::<u32>(addresses, 24), 1);
    let first: *const extern "C" fn(u64, u64, u64, u64, u64) -> u64 = read(addresses, 32);
    assert_eq!(read::<extern "C" fn(u64, u64, u64, u64, u64) -> u64>(first.cast(), 0)(2, 3, 0, 0, 0), 5);
    assert_eq!(program.shown::<u8>(64), 2);
    program.leave();
    drop(extension);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_link_is_run_with_a_context_that_it_may_change() {
    let world = World::new();
    let extension = load(&world);
    let link = attach_link(&world, HOOK, add).unwrap_or_else(|offers| panic!("{offers:?}"));
    assert_eq!((link.shown::<Guid>(24), link.shown::<[u32; 2]>(40)), (PROGRAM_TYPE, [1001, 1]));
    let mut context = [1_u64, 2];
    let guard = extension.driver().hook.oldest_peer().expect("attached");
    assert_eq!(guard.binding().flags, 3, "what the application passed");
    assert_eq!(guard.run(&mut context), Ok(7));
    assert_eq!((context, link.runs()), ([1, 3], 1));
    drop(guard);
    link.leave();
    drop(extension);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_program_that_does_not_run_is_an_error() {
    let world = World::new();
    let extension = load(&world);
    let link = attach_link(&world, HOOK, |_| Err(4)).unwrap_or_else(|offers| panic!("{offers:?}"));
    let guard = extension.driver().hook.oldest_peer().expect("attached");
    assert_eq!(guard.run(&mut [0_u64, 0]), Err(EbpfResult(4)));
    drop(guard);
    link.leave();
}

#[test]
fn each_program_and_link_has_a_client_of_its_own_and_other_types_are_not_attached() {
    let world = World::new();
    let extension = load(&world);
    let programs: Vec<_> = (0..4).filter_map(|_| load_program(&world, PROGRAM_TYPE).ok()).collect();
    let links: Vec<_> = (0..4).filter_map(|_| attach_link(&world, HOOK, add).ok()).collect();
    let driver = extension.driver();
    assert_eq!((driver.programs.bindings(), driver.hook.bindings()), (4, 4));
    let stranger = Guid::from_u128(1);
    assert_eq!(load_program(&world, stranger).err(), Some(vec![Status::NOINTERFACE]));
    assert_eq!(attach_link(&world, stranger, add).err(), Some(vec![Status::NOINTERFACE]));
    // The extension goes first; its clients stay registered, as the core's do.
    drop(extension);
    programs.into_iter().chain(links).for_each(core::Client::leave);
    assert_eq!(load_program(&world, PROGRAM_TYPE).err(), Some(vec![]), "nobody is there any more");
    world.assert_clean();
    world.assert_unloaded();
}
