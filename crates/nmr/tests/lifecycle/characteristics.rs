//! Decisions about what a peer shows of itself: module id, number, and what the NPI defines.

#![expect(unsafe_code, reason = "is a provider in C's terms, whose characteristics may be anything")]

use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};
use nmr::abi::{ProviderCharacteristics, ProviderHandle, Registrar, RegistrationInstance};
use nmr::host::{Host, Loaded};
use nmr::{
    AtPassive, ClientBinding, Driver as _, Guid, InstanceIdentity, MayWait, ModuleId, Npi, Offer,
    ProviderBinding, Refusal, Status,
};
use nmr_sim::World;

/// Lines of different speed.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d06", version = 2)]
pub mod line {
    use nmr::Guid;

    /// What a line is.
    #[derive(Debug)]
    pub struct ProviderCharacteristics {
        /// In Mbit/s.
        pub speed: u32,
        /// Where it ends.
        pub site: Guid,
    }

    /// What a user of lines is.
    #[derive(Debug)]
    pub struct ClientCharacteristics {
        /// The most it sends at a time, in bytes.
        pub window: u64,
    }

    pub trait Provider {
        /// The window of the client that asks.
        fn your_window(&self) -> u64;
    }
}
use line::Provider as _;

const SITE: Guid = Guid::from_u128(7);

nmr::driver! {
    /// Provides lines.
    pub driver Carrier {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b30",
        system: Host<World>,

        provider fast: line::Npi as Subscriber {
            capacity: 2,
            number: 1,
            characteristics: line::ProviderCharacteristics { speed: 1_000, site: SITE },
        },
        provider slow: line::Npi as SlowSubscriber {
            capacity: 2,
            number: 2,
            characteristics: line::ProviderCharacteristics { speed: 1, site: SITE },
        },
    }
}

macro_rules! subscribers {
    ($($name:ident)*) => {$(
        /// A client of a line.
        #[derive(Debug)]
        pub struct $name {
            window: u64,
        }

        impl ProviderBinding for $name {
            type Driver = Carrier;
            type Npi = line::Npi;

            fn attach(
                _: &'static Carrier,
                client: &Offer<'_, line::ClientCharacteristics>,
                _: &AtPassive<'_>,
            ) -> Result<Self, Refusal> {
                Ok(Self { window: client.characteristics()?.window })
            }
        }

        impl line::Provider for $name {
            fn your_window(&self) -> u64 {
                self.window
            }
        }
    )*};
}
subscribers! { Subscriber SlowSubscriber }

nmr::driver! {
    /// Uses fast lines.
    pub driver Caller {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b31",
        system: Host<World>,
        state: AtomicU32 = AtomicU32::new(0),

        client line: line::Npi as Line {
            capacity: 4,
            characteristics: line::ClientCharacteristics { window: 4_096 },
        },
    }
}

/// A line that is fast enough.
#[derive(Debug)]
pub struct Line {
    number: u32,
}

impl ClientBinding for Line {
    type Driver = Caller;
    type Npi = line::Npi;

    fn attach(
        driver: &'static Caller,
        provider: &Offer<'_, line::ProviderCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        let line = provider.characteristics()?;
        if line.speed < 100 || line.site != SITE {
            return Err(Refusal::because("too slow"));
        }
        driver.state.fetch_add(line.speed, Ordering::SeqCst);
        Ok(Self { number: provider.number() })
    }
}

fn caller(world: &World) -> Loaded<Caller> {
    Loaded::new(Host::new(world.clone())).expect("nothing fails")
}

/// An identity of its own says nothing of the characteristics: the declared ones are shown.
#[test]
fn whoever_is_activated_as_another_shows_what_is_declared() {
    let world = World::new();
    let carrier = Loaded::<Carrier>::new(Host::new(world.clone())).expect("nothing fails");
    let caller = caller(&world);
    let driver = caller.driver();
    // SAFETY: a test's thread.
    let at = unsafe { MayWait::assume() };
    let fast = &carrier.driver().fast;
    fast.deactivate(at.at_most_dispatch());
    fast.wait_deactivated(&at);
    fast.activate_as(InstanceIdentity::new(*Carrier::MODULE_ID, 9), at.at_passive()).expect("idle");
    let line = driver.line.oldest_peer().expect("a fast one");
    assert_eq!((line.binding().number, driver.state.load(Ordering::SeqCst)), (9, 2_000));
    drop(line);
    drop((carrier, caller));
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn each_side_decides_by_what_the_other_shows() {
    let world = World::new();
    let carrier = Loaded::<Carrier>::new(Host::new(world.clone())).expect("nothing fails");
    let caller = caller(&world);
    let driver = caller.driver();
    assert_eq!((driver.line.bindings(), driver.state.load(Ordering::SeqCst)), (1, 1_000));
    let line = driver.line.oldest_peer().expect("the fast one");
    assert_eq!((line.binding().number, line.your_window()), (1, 4_096));
    drop(line);
    let log = nmr::Driver::system(driver).log_lines();
    assert!(
        log.iter().any(|line| line.contains("refuse line (client of line)") && line.contains("too slow"))
    );
    drop(caller);
    drop(carrier);
    world.assert_clean();
    world.assert_unloaded();
}

/// Answers the log line of the refusal of a provider in C that shows `characteristics`.
fn refusal_of(characteristics: *const c_void) -> String {
    unsafe extern "system" fn never(
        _: nmr::abi::BindingHandle,
        _: *mut c_void,
        _: *const RegistrationInstance,
        _: *mut c_void,
        _: *const c_void,
        _: *mut *mut c_void,
        _: *mut *const c_void,
    ) -> Status {
        unreachable!("the client refuses first")
    }
    unsafe extern "system" fn detach(_: *mut c_void) -> Status {
        unreachable!("never attached")
    }
    static MODULE: ModuleId = ModuleId::from_guid(Guid::from_u128(0xc));
    let world = World::new();
    let caller = caller(&world);
    let mut instance = RegistrationInstance::new(const { &line::Npi::ID }, &MODULE);
    instance.npi_specific_characteristics = characteristics;
    let provider = ProviderCharacteristics {
        version: 0,
        length: size_of::<ProviderCharacteristics>() as u16,
        attach_client: never,
        detach_client: detach,
        cleanup_binding_context: None,
        registration_instance: instance,
    };
    let mut handle = ProviderHandle::NULL;
    // SAFETY: the structures live until the wait below has returned.
    let status = unsafe { world.register_provider(&provider, core::ptr::null_mut(), &mut handle) };
    assert_eq!(status, Status::SUCCESS);
    // SAFETY: registered above.
    assert_eq!(unsafe { world.deregister_provider(handle) }, Status::PENDING);
    // SAFETY: it pends.
    assert_eq!(unsafe { world.wait_for_provider_deregister_complete(handle) }, Status::SUCCESS);
    let log = nmr::Driver::system(caller.driver()).log_lines();
    drop(caller);
    world.assert_clean();
    log.into_iter().find(|line| line.contains("refuse")).expect("refused")
}

/// A header and two words, of which the header says how many count.
#[repr(C, align(8))]
struct Shown {
    version: u16,
    size: u16,
    rest: [u32; 7],
}

#[test]
fn characteristics_that_cannot_be_read_decline_the_peer() {
    let whole = size_of::<nmr::Published<line::ProviderCharacteristics>>() as u16;
    let shown = |version, size| Shown { version, size, rest: [1_000, 0, 0, 0, 0, 0, 0] };
    let of = |shown: &Shown| refusal_of(core::ptr::from_ref(shown).cast());
    assert!(refusal_of(core::ptr::null()).contains("the peer shows no characteristics"));
    assert!(of(&shown(1, whole)).contains("of another version"));
    assert!(of(&shown(2, whole - 1)).contains("too short"));
    assert!(of(&shown(2, whole)).contains("too slow"), "whole, and of another site");
    assert!(of(&shown(2, whole + 4)).contains("too slow"), "longer ones are read as far as they are known");
    let odd = core::ptr::from_ref(&shown(2, whole)).cast::<u8>().wrapping_add(2);
    assert!(refusal_of(odd.cast()).contains("at an odd address"));
}

#[test]
fn what_is_published_is_in_c_layout() {
    let published = line::ProviderCharacteristics { speed: 9, site: SITE }.publish();
    assert_eq!((size_of_val(&published), published.value().speed), (24, 9));
    // SAFETY: a structure without padding before its end.
    let header: [u16; 2] = unsafe { core::ptr::from_ref(&published).cast::<[u16; 2]>().read() };
    assert_eq!(header, [2, 24]);
}
