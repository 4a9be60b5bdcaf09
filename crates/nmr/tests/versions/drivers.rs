//! A provider and a client for each.

use super::contracts::{new, old, one_way, one_way_old};
use nmr::host::Host;
use nmr::{AtPassive, ClientBinding, Offer, ProviderBinding, Refusal, Result};
use nmr_sim::World;

macro_rules! drivers {
    ($($role:ident $driver:ident $binding:ident: $npi:path, $trait:ident, $id:literal;)*) => {$(
        nmr::driver! {
            /// One side.
            pub driver $driver {
                module_id: $id,
                system: Host<World>,
                $role sum: $npi as $binding { capacity: 2 },
            }
        }

        /// A peer of it.
        #[derive(Debug)]
        pub struct $binding;

        impl $trait for $binding {
            type Driver = $driver;
            type Npi = $npi;

            fn attach(_: &'static $driver, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self)
            }
        }
    )*};
}

drivers! {
    provider OldProvider OldProviderPeer: old::Npi, ProviderBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b41";
    provider NewProvider NewProviderPeer: new::Npi, ProviderBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b42";
    client OldClient OldClientPeer: old::Npi, ClientBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b43";
    client NewClient NewClientPeer: new::Npi, ClientBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b44";
    provider OneWayProvider OneWayProviderPeer: one_way::Npi, ProviderBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b45";
    client OneWayClient OneWayClientPeer: one_way::Npi, ClientBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b46";
    client OneWayOld OneWayOldPeer: one_way_old::Npi, ClientBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b47";
}

impl old::Provider for OldProviderPeer {
    fn add(&self, a: u32, b: u32) -> u32 {
        a + b
    }
}

impl new::Provider for NewProviderPeer {
    fn add(&self, a: u32, b: u32) -> u32 {
        a + b
    }

    fn multiply(&self, a: u32, b: u32) -> Result<u32> {
        Ok(a * b)
    }
}

impl one_way::Provider for OneWayProviderPeer {
    fn add(&self, a: u32, b: u32) -> u32 {
        a + b
    }

    fn multiply(&self, a: u32, b: u32) -> Result<u32> {
        Ok(a * b)
    }
}

impl old::Client for OldClientPeer {
    fn told(&self, _: u32) -> Result<()> {
        Ok(())
    }
}

impl new::Client for NewClientPeer {
    fn told(&self, _: u32) -> Result<()> {
        Ok(())
    }

    fn told_more(&self, value: u32) -> Result<u32> {
        Ok(value + 10)
    }
}
