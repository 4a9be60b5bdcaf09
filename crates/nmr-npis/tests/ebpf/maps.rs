//! The core of eBPF asks the provider of a map type.

#![expect(unsafe_code, reason = "calls the provider's functions as the core does")]

use crate::core::{Client, open_map_type, read};
use crate::extension::MAP_TYPE;
use crate::load;
use core::ffi::c_void;
use nmr::{Status, TotalHeader};
use nmr_sim::World;
use std::sync::atomic::Ordering;

type Create = unsafe extern "system" fn(*mut c_void, u32, u32, u32, u32, *mut u32, *mut *mut c_void) -> u32;
type Delete = unsafe extern "system" fn(*mut c_void, *mut c_void);
type WithElement = unsafe extern "system" fn(
    *mut c_void,
    *mut c_void,
    usize,
    *const u8,
    usize,
    *const u8,
    usize,
    *mut u8,
    u32,
) -> u32;
type Deleted = unsafe extern "system" fn(*mut c_void, *mut c_void, usize, *const u8, usize, *const u8, u32);

/// The function `at` bytes behind the provider's table.
fn function<T: Copy>(client: &Client, at: usize) -> T {
    read(client.shown::<*const c_void>(40), at)
}

/// A map with values of `value_size`: its context and the size of values that are kept.
fn create(client: &Client, value_size: u32) -> Result<(*mut c_void, u32), u32> {
    let (mut map, mut kept) = (core::ptr::null_mut(), 0);
    let create: Create = function(client, 24);
    // SAFETY: places for both.
    let answer =
        unsafe { create(client.provider_context(), MAP_TYPE, 4, value_size, 9, &mut kept, &mut map) };
    if answer == 0 { Ok((map, kept)) } else { Err(answer) }
}

#[test]
fn a_map_type_is_served_with_values_that_are_kept_differently() {
    let world = World::new();
    let extension = load(&world);
    let client = open_map_type(&world, MAP_TYPE).unwrap_or_else(|offers| panic!("{offers:?}"));
    let properties: *const c_void = client.shown(32);
    let TotalHeader { size, total_size, .. } = read(properties, 0);
    assert_eq!((size, total_size, read::<u8>(properties, 24)), (25, 32, 1), "it changes values");
    let table: *const c_void = client.shown(40);
    assert_eq!(
        (read::<TotalHeader>(table, 0).size, read::<usize>(table, 64)),
        (80, 0),
        "one way of deleting"
    );
    assert_eq!(create(&client, 0), Err(6));
    let (map, kept_size) = create(&client, 3).expect("it can be");
    assert_eq!((map.addr(), kept_size), (0x77, 4));
    let (binding, key, value) = (client.provider_context(), [1_u8, 2], *b"abc");
    let mut kept = [0_u8; 4];
    let update: WithElement = function(&client, 56);
    // SAFETY: a key, a value, and room for a value.
    let answer = unsafe { update(binding, map, 2, key.as_ptr(), 3, value.as_ptr(), 4, kept.as_mut_ptr(), 0) };
    assert_eq!((answer, kept), (0, *b"abc\x02"));
    let mut seen = [0_u8; 3];
    let find: WithElement = function(&client, 48);
    // SAFETY: no key, as for a program's helper; a value, and room for one.
    let answer =
        unsafe { find(binding, map, 0, core::ptr::null(), 4, kept.as_ptr(), 3, seen.as_mut_ptr(), 1) };
    assert_eq!((answer, seen), (0, *b"abc"));
    let deleted: Deleted = function(&client, 72);
    // SAFETY: a key and a value.
    unsafe { deleted(binding, map, 2, key.as_ptr(), 4, kept.as_ptr(), 0x100) };
    let delete: Delete = function(&client, 32);
    // SAFETY: the map that was made.
    unsafe { delete(binding, map) };
    let maps = extension.driver().maps.oldest_peer().expect("attached");
    assert_eq!(maps.binding().gone.load(Ordering::SeqCst), 0x177);
    drop(maps);
    client.leave();
    drop(extension);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn another_map_type_is_not_attached() {
    let world = World::new();
    let extension = load(&world);
    assert_eq!(open_map_type(&world, MAP_TYPE + 1).err(), Some(vec![Status::NOINTERFACE]));
    assert_eq!(extension.driver().maps.bindings(), 0);
    drop(extension);
    world.assert_clean();
}
