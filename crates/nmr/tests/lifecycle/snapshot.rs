//! What a driver shows of its registrations and attachments, and how it drains.

#![expect(unsafe_code, reason = "reads the driver's memory as a debugger does")]

use crate::drivers::{Caller, Server, adder, greeter};
use crate::raw_provider::{Behaviour, RawProvider, table};
use nmr::abi::attachments::{Snapshot, name_text};
use nmr::host::Loaded;
use nmr::snapshot::{AttachmentRow, AttachmentState, ModuleSide, RegistrationState};
use nmr::{AtMostDispatch, Driver, Guid, Level, ModuleId, Npi};
use nmr_sim::{Event, What, World};
use std::time::{Duration, Instant};

const SERVER: Guid = Guid::from_u128(0x5e6a_5f0e_6f4b_4e58_8f6e_0d4f_5a3c_2b11);

/// All attachments of a driver, with the names of their registrations.
fn rows<D: Driver>(driver: &'static D) -> Vec<(String, AttachmentRow)> {
    let mut rows = Vec::new();
    driver.for_each_attachment(|registration, attachment| {
        assert_eq!((registration.npi, registration.side), (attachment.npi, attachment.side));
        rows.push((name_text(&registration.name).expect("a name").to_owned(), *attachment));
    });
    rows
}

fn names<D: Driver>(driver: &'static D) -> Vec<String> {
    rows(driver).into_iter().map(|(name, _)| name).collect()
}

fn drain<D: Driver>(driver: &'static D) -> bool {
    // SAFETY: this is an ordinary thread.
    driver.drain(&unsafe { AtMostDispatch::assume() })
}

fn loaded() -> (World, Loaded<Server>, Loaded<Caller>) {
    let world = World::new();
    let server = Server::load(&world).expect("nothing fails");
    let caller = Caller::load(&world).expect("nothing fails");
    (world, server, caller)
}

#[test]
fn an_attachment_is_shown_from_attach_to_cleanup() {
    let (world, server, caller) = loaded();
    let driver = caller.driver();
    assert_eq!(names(driver), ["adder", "only", "greeter"]);
    let row = driver.adder.attachments().next().expect("attached");
    assert_eq!(row.state, AttachmentState::ATTACHED);
    assert_eq!((row.side, row.npi), (ModuleSide::CLIENT, adder::Npi::ID));
    assert_eq!(row.peer_module_id(), Some(ModuleId::from_guid(SERVER)));
    assert_eq!((row.slot, row.peer_number, row.calls_in_flight), (0, 0, 0));
    let guards = (driver.adder.oldest_peer(), driver.adder.oldest_peer());
    std::thread::scope(|scope| {
        let unloading = scope.spawn(|| drop(server));
        let draining = || driver.adder.attachments().next().expect("held by the guards");
        while draining().state == AttachmentState::ATTACHED {
            std::thread::yield_now();
        }
        assert_eq!((draining().state, draining().calls_in_flight), (AttachmentState::DRAINING, 2));
        drop(guards);
        unloading.join().expect("no panic");
    });
    assert_eq!(rows(driver), []);
    drop(caller);
    world.assert_clean();
}

#[test]
fn the_age_grows() {
    let (_world, _server, _caller) = loaded();
    std::thread::sleep(Duration::from_millis(20));
    let begin = Instant::now();
    let (_world, _server, caller) = loaded();
    let age = || caller.driver().adder.attachments().next().expect("attached").age();
    let first = age();
    assert!(first <= begin.elapsed(), "no older than the driver");
    std::thread::sleep(Duration::from_millis(3));
    assert!(age() >= first + Duration::from_millis(3));
}

/// Slots are used again; numbers of bindings are not.
#[test]
fn a_binding_s_number_is_that_of_the_log() {
    let world = World::new();
    let caller = Caller::load(&world).expect("nothing fails");
    let driver = caller.driver();
    for round in 0..3 {
        let server = Server::load(&world).expect("nothing fails");
        let row = driver.adder.attachments().next().expect("attached");
        assert_eq!((row.slot, row.binding), (0, round));
        let line = format!("nmr: Caller: attach adder (client of adder): binding {round}, peer {SERVER}");
        assert!(driver.system().log_lines().contains(&line), "{line}");
        drop(server);
    }
}

#[test]
fn rows_that_do_not_fit_are_counted() {
    let (_world, _server, caller) = loaded();
    let driver = caller.driver();
    let all = rows(driver);
    let mut two = [all[2].1; 2];
    assert_eq!(driver.snapshot(&mut two), 3);
    let identity = |row: &AttachmentRow| (row.registration, row.slot, row.binding);
    assert_eq!(two.map(|row| identity(&row)), [identity(&all[0].1), identity(&all[1].1)]);
    assert_eq!(driver.snapshot(&mut []), 3);
}

#[test]
fn the_bytes_for_the_control_device_say_the_same() {
    let (_world, _server, caller) = loaded();
    let driver = caller.driver();
    let mut buffer = [0; 4096];
    let written = driver.write_snapshot(&mut buffer).expect("room enough");
    assert!(!written.cut_off);
    let snapshot = Snapshot::parse(&buffer[..written.bytes]).expect("well formed");
    assert_eq!(snapshot.driver(), "Caller");
    let registrations: Vec<_> = snapshot.registrations().collect();
    let names: Vec<_> = registrations.iter().filter_map(|row| name_text(&row.name)).collect();
    assert_eq!(names, ["adder", "only", "own_greeter", "greeter"], "in the order of registering");
    assert_eq!(registrations.iter().map(|row| row.stage).collect::<Vec<_>>(), [0, 0, 0, 1]);
    assert_eq!(registrations.iter().map(|row| row.attachments).collect::<Vec<_>>(), [1, 1, 0, 1]);
    assert!(registrations.iter().all(|row| row.capacity == 2 && row.callbacks == 0));
    assert!(registrations.iter().all(|row| row.state == RegistrationState::REGISTERED));
    let which: Vec<_> = snapshot.attachments().map(|row| row.registration).collect();
    assert_eq!(which, [0, 1, 3]);
    assert!(driver.write_snapshot(&mut buffer[..10]).is_err());
    assert!(driver.write_snapshot(&mut buffer[..written.bytes - 1]).expect("room for the header").cut_off);
}

#[test]
fn refusals_for_want_of_room_are_counted_and_logged() {
    let (world, server, caller) = loaded();
    let driver = caller.driver();
    let good = || Behaviour { table: Some(table(3, 16)), ..Behaviour::default() };
    let providers = [RawProvider::register(&world, good()), RawProvider::register(&world, good())];
    assert_eq!(driver.only.refused_for_capacity(), 2, "one seat, three providers");
    assert_eq!(driver.adder.refused_for_capacity(), 1, "a capacity of two, three providers");
    let mut buffer = [0; 4096];
    let written = driver.write_snapshot(&mut buffer).expect("room enough");
    let shown = Snapshot::parse(&buffer[..written.bytes]).expect("well formed");
    let refused: Vec<_> = shown.registrations().map(|row| row.refused_for_capacity).collect();
    assert_eq!(refused, [1, 2, 0, 0]);
    let log = driver.system().leveled_log_lines();
    for (name, reason) in [
        (
            "only",
            "another peer has the one seat; NMR will not offer this one again, 2 refused for want of room",
        ),
        (
            "adder",
            "the declared capacity is in use; NMR will not offer this peer again, 1 refused for want of room",
        ),
    ] {
        let line = format!(
            "nmr: Caller: refuse {name} (client of adder): peer 00000000-0000-0000-0000-00000000c0de, {reason}, \
             answered STATUS_INSUFFICIENT_RESOURCES"
        );
        assert!(log.contains(&(Level::Warning, line.clone())), "{line}\nin {log:#?}");
    }
    drop(caller);
    for provider in providers {
        provider.deregister();
        provider.wait();
    }
    drop(server);
    world.assert_clean();
}

fn deregistered(events: &[Event]) -> Vec<Guid> {
    let deregistered = events.iter().filter_map(|event| match event.what {
        What::Deregister { npi, .. } => Some(npi),
        _ => None,
    });
    deregistered.collect()
}

#[test]
fn an_idle_driver_drains_at_once_and_unload_has_nothing_left_to_issue() {
    let (world, server, caller) = loaded();
    let before = world.events().len();
    assert!(drain(caller.driver()) && drain(caller.driver()));
    let (adder, greeter) = (adder::Npi::ID, greeter::Npi::ID);
    assert_eq!(deregistered(&world.events()[before..]), [greeter, adder, adder, greeter]);
    assert_eq!(rows(caller.driver()), []);
    drop(caller);
    assert_eq!(deregistered(&world.events()[before..]).len(), 4);
    drop(server);
    world.assert_clean();
    world.assert_unloaded();
}

/// Calls into Greeter are served through Adder, so Adder is not touched before Greeter is gone.
#[test]
fn a_drain_keeps_the_order_of_the_stages_and_names_what_is_left() {
    let (world, server, caller) = loaded();
    let driver = caller.driver();
    let guard = driver.greeter.oldest_peer().expect("attached");
    for _ in 0..2 {
        assert!(!drain(driver), "a call is in flight");
        assert_eq!(names(driver), ["adder", "only", "greeter"]);
        let states: Vec<_> = rows(driver).into_iter().map(|(_, row)| row.state).collect();
        assert_eq!(states, [AttachmentState::ATTACHED, AttachmentState::ATTACHED, AttachmentState::DRAINING]);
    }
    assert!(driver.adder.oldest_peer().is_some() && driver.greeter.oldest_peer().is_none());
    drop(guard);
    assert!(drain(driver));
    assert_eq!(rows(driver), []);
    drop((caller, server));
    world.assert_clean();
    world.assert_unloaded();
}

/// The walk of the module's documentation, with reads of memory and the offsets of its tables only.
#[test]
fn a_debugger_finds_every_row_through_the_table() {
    let (_world, _server, caller) = loaded();
    let driver = caller.driver();
    let guard = driver.only.oldest_peer().expect("attached");
    let table = Box::new(driver.snapshot_table());
    let at = core::ptr::from_ref(&*table).cast::<u8>();
    // SAFETY: the documentation says where what is; all of it is static and aligned.
    let word =
        |at: *const u8, offset: usize| unsafe { at.wrapping_add(offset).cast::<u64>().read_volatile() };
    // SAFETY: as above.
    let half =
        |at: *const u8, offset: usize| unsafe { at.wrapping_add(offset).cast::<u32>().read() } as usize;
    // SAFETY: as above.
    let address =
        |at: *const u8, offset: usize| unsafe { at.wrapping_add(offset).cast::<*const u8>().read() };
    let text = |at: *const u8, offset: usize| {
        let length = word(at, offset + 8) as usize;
        // SAFETY: the documentation says that a text of that length is there.
        unsafe { core::slice::from_raw_parts(address(at, offset), length) }
    };
    assert_eq!(word(at, 0).to_le_bytes(), *b"NmrTable");
    assert_eq!((half(at, 8), half(at, 0xc), half(at, 0x14)), (1, 0x30 + 4 * 0x60, 0x60));
    assert_eq!(text(at, 0x18), b"Caller");
    let mut found = Vec::new();
    for registration in (0..half(at, 0x10)).map(|index| at.wrapping_add(0x30 + index * 0x60)) {
        let name = String::from_utf8_lossy(text(registration, 0)).into_owned();
        // SAFETY: the documentation says that the state word is there.
        assert_eq!(unsafe { address(registration, 0x28).read_volatile() }, 2, "{name} is registered");
        assert_eq!(word(address(registration, 0x30), 0), 0, "{name} has refused nobody");
        for index in 0..half(registration, 0x48) {
            let slot = address(registration, 0x38).wrapping_add(index * word(registration, 0x40) as usize);
            let row = slot.wrapping_add(half(registration, 0x4c));
            let shards = (0..half(registration, 0x58)).map(|shard| {
                word(slot, half(registration, 0x50) + shard * half(registration, 0x54)) & 0xffff_ffff
            });
            if word(row, 0) & 0xff != 0 {
                let peer = [word(row, 0x20), word(row, 0x28)].map(u64::to_ne_bytes).concat();
                assert_eq!(peer, ModuleId::from_guid(SERVER).value);
                assert_eq!((word(row, 0x18), word(row, 0) & 0x100), (1, 0));
                found.push((name.clone(), word(row, 0) & 0xff, shards.sum::<u64>()));
            }
        }
    }
    let expected = [("adder", 2, 0), ("only", 2, 1), ("greeter", 2, 0)];
    assert_eq!(found, expected.map(|(name, state, calls)| (name.to_owned(), state, calls)));
    drop(guard);
}
