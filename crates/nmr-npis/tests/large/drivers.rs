//! A provider and a client of each release.

use super::contracts::{new, old};
use nmr::host::Host;
use nmr::{
    AtDispatch, AtMostDispatch, AtPassive, ClientBinding, Error, Offer, ProviderBinding, Refusal, Result,
    Status, System as _,
};
use nmr_sim::World;
use std::sync::Mutex;

/// What a client was told: each port, and the level at which.
#[derive(Debug, Default)]
pub struct Told(Mutex<Vec<(u16, u8)>>);

impl Told {
    pub const fn nothing() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub fn all(&self) -> Vec<(u16, u8)> {
        self.0.lock().expect("nobody panics").clone()
    }

    fn hear(&self, port: u16) {
        self.0.lock().expect("nobody panics").push((port, Host::<World>::irql()));
    }
}

macro_rules! drivers {
    ($($role:ident $driver:ident $binding:ident: $npi:path, $trait:ident, $id:literal;)*) => {$(
        nmr::driver! {
            /// One side, of one release.
            pub driver $driver {
                module_id: $id,
                system: Host<World>,
                state: Told = Told::nothing(),
                $role board: $npi as $binding { capacity: 2 },
            }
        }

        /// A peer of it.
        #[derive(Debug)]
        pub struct $binding(&'static $driver);

        impl $trait for $binding {
            type Driver = $driver;
            type Npi = $npi;

            fn attach(driver: &'static $driver, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self(driver))
            }
        }
    )*};
}

drivers! {
    provider OldBoard OldBoardClient: old::Npi, ProviderBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b51";
    provider NewBoard NewBoardClient: new::Npi, ProviderBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b52";
    client OldCaller OldCallerBoard: old::Npi, ClientBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b53";
    client NewCaller NewCallerBoard: new::Npi, ClientBinding, "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b54";
}

/// What the `place`th function answers.
pub const fn answer(place: u32, port: u16, seed: u32) -> u32 {
    place * 1_000_000 + port as u32 * 1000 + seed
}

/// The functions of one kind, with the place of each.
macro_rules! functions {
    ($with:ident! { $($context:tt)* }) => {
        $with! { { $($context)* }
            port_open 1 port_close 2 port_arm 3 port_rest 4
            route_open 5 route_close 6 route_arm 7 route_rest 8
            queue_open 9 queue_close 10 queue_arm 11 queue_rest 12
            timer_open 13 timer_close 14 timer_arm 15 timer_rest 16
            filter_open 17 filter_close 18 filter_arm 19 filter_rest 20
            mirror_open 21 mirror_close 22 mirror_arm 23 mirror_rest 24
            counter_open 25 counter_close 26 counter_arm 27 counter_rest 28
            label_open 29 label_close 30 label_arm 31 label_rest 32
            policy_open 33 policy_close 34 policy_arm 35 policy_rest 36
        }
    };
}

macro_rules! serve {
    ({ $contract:ident for $client:ident $($newer:item)* } $($name:ident $place:literal)*) => {
        impl $contract::Provider for $client {
            $(fn $name(&self, port: u16, seed: u32) -> u32 {
                answer($place, port, seed)
            })*

            fn write(&self, _: &AtPassive<'_>, _: u16, bytes: &[u8]) -> Result<usize> {
                Ok(bytes.len())
            }

            fn read(&self, _: &AtPassive<'_>, port: u16, buffer: &mut [u8]) -> Result<usize> {
                buffer.fill(u8::try_from(port).map_err(|_| Error::INVALID_PARAMETER)?);
                Ok(buffer.len())
            }

            fn rewatch(&self, watch: &mut $contract::Watch, to: u16) -> Result<()> {
                watch.place = [to, watch.port, 0];
                watch.port = to;
                Ok(())
            }

            fn places(&self, ports: &[u16]) -> Result<[u16; 3]> {
                ports.try_into().map_err(|_| Error::INVALID_PARAMETER)
            }

            fn ring(&self, at: &AtDispatch<'_>, port: u16) -> Result<()> {
                use $contract::Client as _;
                let Self(driver) = self;
                let client = driver.board.oldest_peer().ok_or(Error::DEVICE_NOT_READY)?;
                client.rests(at.at_most_dispatch(), port);
                client.rang(at, port)
            }

            $($newer)*
        }
    };
}

functions! { serve! { old for OldBoardClient } }
functions! {
    serve! {
        new for NewBoardClient

        fn trace(&self, port: u16, routes: &mut [u16]) -> Result<usize> {
            routes.fill(port);
            Ok(routes.len())
        }

        fn outcome(&self, _: u16) -> Result<Status> {
            Ok(Status::NOT_SUPPORTED)
        }
    }
}

macro_rules! call_all {
    ({ $calls:expr } $($name:ident $place:literal)*) => {{
        $(assert_eq!($calls.$name(7, 5), answer($place, 7, 5), stringify!($name));)*
    }};
}

/// Calls every function that answers its place, of the first release.
pub fn call_every_one(board: &impl old::Provider) {
    functions! { call_all! { board } }
}

/// The same of the newer release.
pub fn call_every_newer_one(board: &impl new::Provider) {
    functions! { call_all! { board } }
}

impl old::Client for OldCallerBoard {
    fn rang(&self, _: &AtDispatch<'_>, port: u16) -> Result<()> {
        self.0.state.hear(port);
        Ok(())
    }

    fn rests(&self, _: &AtMostDispatch<'_>, port: u16) {
        self.0.state.hear(port);
    }
}

impl new::Client for NewCallerBoard {
    fn rang(&self, _: &AtDispatch<'_>, port: u16) -> Result<()> {
        self.0.state.hear(port);
        Ok(())
    }

    fn rests(&self, _: &AtMostDispatch<'_>, port: u16) {
        self.0.state.hear(port);
    }

    fn traced(&self, _: &AtDispatch<'_>, ports: &[u16]) -> Result<()> {
        ports.iter().for_each(|port| self.0.state.hear(*port));
        Ok(())
    }
}
