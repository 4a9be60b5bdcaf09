//! A client of MsQuic meets msquic.sys as its header has it.

#![allow(unreachable_pub, reason = "modules of a test are written as those of a library")]

mod provider;

use nmr::host::{Host, Loaded};
use nmr::{AtPassive, ClientBinding, Error, Offer, Refusal};
use nmr_npis::msquic;
use nmr_sim::World;
use provider::{Msquic, opened};

nmr::driver! {
    /// A driver that uses MsQuic.
    pub driver Streamer {
        module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c70",
        system: Host<World>,

        client quic: msquic::Npi as Quic { capacity: 2, policy: first_of },
    }
}

/// MsQuic.
#[derive(Debug)]
pub struct Quic;

impl ClientBinding for Quic {
    type Driver = Streamer;
    type Npi = msquic::Npi;

    fn attach(_: &'static Streamer, provider: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        if provider.module_id() != Some(msquic::PROVIDER) {
            return Err(Refusal::because("not msquic.sys"));
        }
        Ok(Self)
    }
}

fn at_passive() -> AtPassive<'static> {
    #[expect(unsafe_code, reason = "makes the token of a test's thread")]
    // SAFETY: an ordinary thread.
    unsafe {
        AtPassive::assume()
    }
}

#[test]
fn an_api_is_opened_and_closed() {
    let world = World::new();
    let quic = Msquic::register(&world, msquic::PROVIDER);
    let driver = Loaded::<Streamer>::new(Host::new(world.clone())).expect("nothing fails");
    let guard = driver.driver().quic.oldest_peer().expect("attached");
    let at = at_passive();
    let api = guard.open(msquic::API_VERSION_2, &at).expect("it has that one");
    assert!(!api.as_ptr().is_null());
    assert_eq!(opened(), 1);
    assert_eq!(guard.open(9, &at).err(), Some(Error::NOT_SUPPORTED));
    drop(api);
    assert_eq!(opened(), 0);
    drop(guard);
    drop(driver);
    quic.leave();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn another_provider_of_the_npi_is_declined() {
    let world = World::new();
    let other = Msquic::register(&world, nmr::ModuleId::from_guid(nmr::Guid::from_u128(1)));
    let driver = Loaded::<Streamer>::new(Host::new(world.clone())).expect("nothing fails");
    assert_eq!(driver.driver().quic.bindings(), 0);
    drop(driver);
    other.leave();
    world.assert_clean();
    world.assert_unloaded();
}
