//! Several instances of one registration, each with an identity of its own.

#![expect(unsafe_code, reason = "makes the tokens of a test's thread, and shows peers a static number")]

use crate::drivers::{Hooks, hook::Provider as _};
use crate::faulty::Faulty;
use crate::peers::{Curious, Seen};
use core::ffi::c_void;
use nmr::host::{Host, Loaded};
use nmr::{AtMostDispatch, AtPassive, Driver, Error, Guid, InstanceIdentity, MayWait, ModuleId};
use nmr_sim::World;

fn load(world: &World) -> Loaded<Hooks> {
    Loaded::new(Host::new(Faulty::over(world))).expect("nothing fails")
}

fn finish(world: &World) {
    world.assert_clean();
    world.assert_unloaded();
}

fn may_wait() -> MayWait<'static> {
    // SAFETY: an ordinary thread, in no callback.
    unsafe { MayWait::assume() }
}

fn at_passive() -> AtPassive<'static> {
    // SAFETY: an ordinary thread.
    unsafe { AtPassive::assume() }
}

fn at_most_dispatch() -> AtMostDispatch<'static> {
    // SAFETY: an ordinary thread.
    unsafe { AtMostDispatch::assume() }
}

fn id(number: u128) -> ModuleId {
    ModuleId::from_guid(Guid::from_u128(number))
}

/// As what an instance is seen that says nothing else.
fn declared(number: u32) -> Seen {
    Seen { module_id: *Hooks::MODULE_ID, number, characteristics: 0 }
}

#[test]
fn the_first_instance_is_registered_at_load_and_the_others_are_not() {
    let world = World::new();
    let client = Curious::register(&world);
    let hooks = load(&world);
    let idle = |instances: &[nmr::ProviderRegistration<_, 4>]| {
        instances.iter().map(nmr::Registration::is_idle).collect::<Vec<_>>()
    };
    assert_eq!(idle(&hooks.driver().hook), [false, true, true]);
    assert!(hooks.driver().spare.iter().all(nmr::Registration::is_idle), "declared to be activated later");
    assert_eq!(client.offered(), [declared(40)]);
    hooks.driver().hook[2].activate(&at_passive()).expect("idle");
    assert_eq!(client.offered(), [declared(40), declared(42)], "instances count on from the declared number");
    drop(hooks);
    client.leave();
    finish(&world);
}

#[test]
fn an_instance_has_an_identity_of_its_own() {
    static CHARACTERISTICS: u32 = 0x600d;
    let world = World::new();
    let client = Curious::register(&world);
    let hooks = load(&world);
    let driver = hooks.driver();
    let characteristics = core::ptr::from_ref(&CHARACTERISTICS).cast::<c_void>();
    // SAFETY: static, and never written.
    let special = unsafe { InstanceIdentity::new(id(0xa), 5).with_characteristics(characteristics) };
    let special = driver.spare.activate_any(special, &at_passive()).expect("one is idle");
    let plain =
        driver.spare.activate_any(InstanceIdentity::new(id(0xb), 6), &at_passive()).expect("one is idle");
    assert!(!core::ptr::eq(special, plain));
    let seen = [
        Seen { module_id: id(0xa), number: 5, characteristics: 0x600d },
        Seen { module_id: id(0xb), number: 6, characteristics: 0 },
    ];
    assert_eq!(client.offered()[1..], seen);
    let full = driver.spare.activate_any(InstanceIdentity::new(id(0xc), 7), &at_passive());
    assert_eq!(full.err(), Some(Error::INSUFFICIENT_RESOURCES), "all instances are in use");

    // One goes; its peers still see who it was when they are detached. The other stays.
    special.deactivate(&at_most_dispatch());
    assert_eq!(client.at_detach(), seen[..1]);
    special.wait_deactivated(&may_wait());
    assert!(special.is_idle() && !plain.is_idle());
    assert_eq!((special.bindings(), plain.bindings()), (0, 1));
    let again =
        driver.spare.activate_any(InstanceIdentity::new(id(0xd), 8), &at_passive()).expect("one is idle");
    assert!(core::ptr::eq(special, again));
    drop(hooks);
    let mut last = client.at_detach();
    last.sort_by_key(|seen| seen.number);
    let numbers: Vec<_> = last.iter().map(|seen| (seen.module_id, seen.number)).collect();
    assert_eq!(numbers, [(id(0xa), 5), (id(0xb), 6), (id(0xd), 8), (*Hooks::MODULE_ID, 40)]);
    client.leave();
    finish(&world);
}

#[test]
fn a_registration_may_declare_who_it_is() {
    let world = World::new();
    let client = Curious::register(&world);
    let hooks = load(&world);
    hooks.driver().spare[0].activate(&at_passive()).expect("idle");
    let module_id = id(0x5e6a_5f0e_6f4b_4e58_8f6e_0d4f_5a3c_2b99);
    assert_eq!(client.offered(), [declared(40), Seen { module_id, number: 0, characteristics: 0 }]);
    drop(hooks);
    client.leave();
    finish(&world);
}

/// What NMR says of one instance it would say of the next.
#[test]
fn an_instance_that_nmr_refuses_is_not_passed_over() {
    let world = World::new();
    let hooks = load(&world);
    world.fail_nth(1);
    let refused = hooks.driver().spare.activate_any(InstanceIdentity::new(id(0xa), 5), &at_passive());
    assert_eq!(refused.err(), Some(Error::INSUFFICIENT_RESOURCES));
    assert_eq!(world.fallible_calls(), 1, "NMR was asked once");
    assert!(hooks.driver().spare.iter().all(nmr::Registration::is_idle));
    drop(hooks);
    finish(&world);
}

/// An instance with a module id of its own is still this driver.
#[test]
fn a_driver_is_not_bound_to_its_own_instances() {
    let world = World::new();
    let hooks = load(&world);
    let driver = hooks.driver();
    driver.spare[1].activate_as(InstanceIdentity::new(id(0xe), 1), &at_passive()).expect("idle");
    assert_eq!(driver.own.bindings(), 0);
    // Nor when neither side shows the driver's module id.
    driver.own.deactivate(&at_most_dispatch());
    driver.own.wait_deactivated(&may_wait());
    driver.own.activate_as(InstanceIdentity::new(id(0xf), 2), &at_passive()).expect("idle");
    assert_eq!(driver.own.bindings(), 0);
    let stranger = Curious::register(&world);
    assert_eq!(driver.spare[1].bindings(), 1);
    drop(hooks);
    stranger.leave();
    finish(&world);
}

/// Two drivers with hooks: each is a client of the other's, and calls it.
#[test]
fn instances_are_called_like_any_provider() {
    let world = World::new();
    let one = load(&world);
    let caller = one.driver();
    assert!(caller.own.oldest_peer().is_none());
    let other = Loaded::<OtherHooks>::new(Host::new(Faulty::over(&world))).expect("nothing fails");
    other.driver().many[1].activate(&at_passive()).expect("idle");
    assert_eq!(
        caller.own.peers().map(|peer| peer.fired()).sum::<u32>(),
        4,
        "two instances of the other driver"
    );
    drop(other);
    assert_eq!(caller.own.bindings(), 0);
    drop(one);
    finish(&world);
}

nmr::driver! {
    /// Offers hooks to others.
    pub driver OtherHooks {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c14",
        system: Host<Faulty>,

        provider many: crate::drivers::hook::Npi as OtherHook { capacity: 4, instances: 2 },
    }
}

#[derive(Debug)]
pub struct OtherHook;

impl nmr::ProviderBinding for OtherHook {
    type Driver = OtherHooks;
    type Npi = crate::drivers::hook::Npi;

    fn attach(_: &'static OtherHooks, _: &nmr::Offer<'_>, _: &AtPassive<'_>) -> Result<Self, nmr::Refusal> {
        Ok(Self)
    }
}

impl crate::drivers::hook::Provider for OtherHook {
    fn fired(&self) -> u32 {
        2
    }
}

#[test]
fn the_log_tells_instances_apart() {
    let world = World::new();
    let hooks = load(&world);
    let driver = hooks.driver();
    driver.spare[1].activate_as(InstanceIdentity::new(id(0xf), 9), &at_passive()).expect("idle");
    drop(hooks);
    let log = driver.system().log_lines();
    let line = format!(
        "nmr: Hooks: register spare[1] (provider of hook): NPI {}, as 00000000-0000-0000-0000-00000000000f, number 9, 0 \
         attached",
        <crate::drivers::hook::Npi as nmr::Npi>::ID
    );
    assert!(log.contains(&line), "{log:#?}");
    assert!(log.iter().any(|logged| logged.contains("deregistered spare[1]")), "{log:#?}");
    assert!(!log.iter().any(|logged| logged.contains("spare[0]")), "{log:#?}");
}
