//! The driver of an interface meets xdp.sys as its source has it.

#![allow(unreachable_pub, reason = "modules of a test are written as those of a library")]
#![expect(unsafe_code, reason = "shows XDP a table of the test's own")]

mod provider;

use core::ffi::c_void;
use nmr::host::{Host, Loaded};
use nmr::{
    AtPassive, ClientBinding, Guid, InstanceIdentity, ModuleId, Offer, Published, Refusal, RevisionHeader,
    Status,
};
use nmr_npis::xdp::{self, ClientCharacteristics, InterfaceTable, Version};
use nmr_sim::{Rule, World};
use provider::Xdp;

const INSTANCE: Guid = Guid::from_u128(0x5c3a_d01c_2a0e_4d9c_9d77_0d3f_0b5f_5c91);
static SHOWN: Published<ClientCharacteristics, RevisionHeader> =
    ClientCharacteristics::new(INSTANCE, xdp::DRIVER_API, xdp::DRIVER_API).publish();
static TABLE: [u32; 2] = [1, 8];

nmr::driver! {
    /// The driver of a network card.
    pub driver Card {
        module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c90",
        system: Host<World>,

        client xdp: xdp::Npi as Attached {
            capacity: 1,
            activate: later,
            characteristics: ClientCharacteristics::new(INSTANCE, xdp::DRIVER_API, xdp::DRIVER_API),
        },
    }
}

/// XDP, on the interface.
#[derive(Debug)]
pub struct Attached;

impl ClientBinding for Attached {
    type Driver = Card;
    type Npi = xdp::Npi;

    fn attach(_: &'static Card, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl xdp::Interface for Attached {
    fn table(version: &Version) -> Option<InterfaceTable> {
        // SAFETY: the tests look at the address alone.
        let table = || unsafe { InterfaceTable::new(0x40 as *mut c_void, TABLE.as_ptr().cast()) };
        (version.major == xdp::DRIVER_API.major).then(table)
    }
}

fn activate(card: &Loaded<Card>, module_id: Guid, interface: u32) {
    // SAFETY: static, and never written.
    let identity = unsafe {
        InstanceIdentity::new(ModuleId::from_guid(module_id), interface).with_characteristics(SHOWN.as_ptr())
    };
    // SAFETY: an ordinary thread.
    let at = unsafe { AtPassive::assume() };
    card.driver().xdp.activate_as(identity, &at).expect("idle");
}

/// Nothing is wrong but the one thing that XDP wants so: Version 1 in the instances of both sides.
fn assert_clean(world: &World) {
    let violations = world.violations();
    assert!(violations.iter().all(|violation| violation.rule == Rule::VersionField), "{violations:#?}");
    assert!(violations.len() >= 2, "client and provider");
}

#[test]
fn an_interface_is_attached_and_gives_its_table() {
    let world = World::new();
    let card = Loaded::<Card>::new(Host::new(world.clone())).expect("nothing fails");
    activate(&card, INSTANCE, 12);
    let xdp = Xdp::open(&world, 12, INSTANCE);
    assert_eq!(xdp.answers(), [Status::SUCCESS]);
    assert_eq!(xdp.capabilities(), (1, 60, [48, 1], INSTANCE, [0, 10, 0]));
    assert_eq!(xdp.ask(Version { major: 0, minor: 9, patch: 1 }), Ok((0x40, TABLE.as_ptr().addr())));
    assert_eq!(xdp.ask(Version { major: 1, minor: 0, patch: 0 }), Err(Status::NOT_SUPPORTED));
    xdp.close();
    drop(card);
    assert_clean(&world);
    world.assert_unloaded();
}

#[test]
fn another_interface_and_another_instance_are_not_attached() {
    let world = World::new();
    let card = Loaded::<Card>::new(Host::new(world.clone())).expect("nothing fails");
    activate(&card, INSTANCE, 12);
    for (interface, instance, answer) in
        [(13, INSTANCE, Status::INVALID_PARAMETER), (12, Guid::from_u128(1), Status::NOINTERFACE)]
    {
        let xdp = Xdp::open(&world, interface, instance);
        assert_eq!((xdp.answers(), card.driver().xdp.bindings()), (vec![answer], 0));
        xdp.close();
    }
    drop(card);
    assert_clean(&world);
    world.assert_unloaded();
}
