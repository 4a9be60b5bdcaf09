//! A build with private identifiers runs beside one with public ones: each finds its own, and nobody else.

#![allow(missing_docs, unreachable_pub, reason = "the declarations are written as a driver writes them")]
#![expect(unsafe_code, reason = "gives a contract the identifier that a private build gives it")]

use core::ffi::c_void;
use nmr::abi::NpiId;
use nmr::host::{Host, Loaded};
use nmr::{
    AtPassive, ClientBinding, ClientTable, Driver, Npi, Offer, ProviderBinding, ProviderTable, Refusal,
};
use nmr_sim::World;

/// Says whose provider answers.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d70", version = 1)]
pub mod origin {
    pub trait Provider {
        fn is_private(&self) -> u32;
    }
}

/// What `origin::Npi` is in a build with `NMR_PRIVATE_NPI=mine`.
#[derive(Debug)]
pub struct PrivateNpi;

// SAFETY: the same contract under another identifier.
unsafe impl Npi for PrivateNpi {
    const ID: NpiId = origin::Npi::ID.with_suffix("mine");
    const NAME: &'static str = origin::Npi::NAME;
    const VERSIONS: &'static [u16] = origin::Npi::VERSIONS;
    type ProviderCalls = origin::ProviderCalls;
    type ClientCalls = nmr::NoCalls;
    type ProviderCharacteristics = nmr::NoCharacteristics;
    type ClientCharacteristics = nmr::NoCharacteristics;
}

// SAFETY: as above.
unsafe impl<B: origin::Provider + ProviderBinding> ProviderTable<B> for PrivateNpi {
    fn provider_table(version: u16) -> *const c_void {
        <origin::Npi as ProviderTable<B>>::provider_table(version)
    }
}

// SAFETY: as above.
unsafe impl<B> ClientTable<B> for PrivateNpi {
    fn client_table(version: u16) -> *const c_void {
        <origin::Npi as ClientTable<B>>::client_table(version)
    }
}

macro_rules! build {
    ($provider:ident, $client:ident, $npi:ty, $served:ident, $called:ident, $is_private:literal, $ids:literal $more:literal) => {
        nmr::driver! {
            pub driver $provider {
                module_id: $ids,
                system: Host<World>,
                provider origin: $npi as $served { capacity: 4 },
            }
        }

        nmr::driver! {
            pub driver $client {
                module_id: $more,
                system: Host<World>,
                client origin: $npi as $called { capacity: 4 },
            }
        }

        #[derive(Debug)]
        pub struct $served;

        impl ProviderBinding for $served {
            type Driver = $provider;
            type Npi = $npi;

            fn attach(_: &'static $provider, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self)
            }
        }

        impl origin::Provider for $served {
            fn is_private(&self) -> u32 {
                $is_private
            }
        }

        #[derive(Debug)]
        pub struct $called;

        impl ClientBinding for $called {
            type Driver = $client;
            type Npi = $npi;

            fn attach(_: &'static $client, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self)
            }
        }
    };
}

build!(PublicProvider, PublicClient, origin::Npi, PublicServed, PublicCalled, 0,
    "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d71" "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d72");
build!(PrivateProvider, PrivateClient, PrivateNpi, PrivateServed, PrivateCalled, 1,
    "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d71" "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d72");

fn load<D: Driver<System = Host<World>>>(world: &World) -> Loaded<D> {
    Loaded::new(Host::new(world.clone())).expect("nothing fails")
}

#[test]
fn a_private_build_runs_beside_the_public_one() {
    use origin::Provider as _;
    let world = World::new();
    let clients = (load::<PublicClient>(&world), load::<PrivateClient>(&world));
    let providers = (load::<PublicProvider>(&world), load::<PrivateProvider>(&world));
    let public = clients.0.driver().origin.oldest_peer().expect("attached");
    let private = clients.1.driver().origin.oldest_peer().expect("attached");
    assert_eq!((public.is_private(), private.is_private()), (0, 1));
    assert_eq!((clients.0.driver().origin.bindings(), clients.1.driver().origin.bindings()), (1, 1));
    drop((public, private));
    drop((clients, providers));
    world.assert_clean();
    world.assert_unloaded();
}
