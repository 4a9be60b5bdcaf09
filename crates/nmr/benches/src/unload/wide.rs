//! A driver with 64 registrations.

use nmr::host::Host;
use nmr::{AtPassive, Client, ClientBinding, Guard, Offer, Refusal};
use nmr_sim::World;

use crate::echo::echo;

/// How many registrations the driver has.
pub const REGISTRATIONS: usize = 64;

/// Enters a registration's binding.
pub type Enter = Box<dyn FnOnce() -> Option<Guard<'static, Client<Idle>>> + Send>;

macro_rules! wide_driver {
    ($($name:ident)*) => {
        nmr::driver! {
            /// Client of Echo, many times.
            pub driver Wide {
                module_id: "7f1d8a52-5a3e-4d0c-9d1b-2f3c5f6b7e12",
                system: Host<World>,

                $(client $name: echo::Npi as Idle { capacity: 1 },)*
            }
        }

        impl Wide {
            /// One way into a binding for each registration.
            pub fn guards(&'static self) -> Vec<Enter> {
                let guards: [Enter; REGISTRATIONS] = [$(Box::new(|| self.$name.oldest_peer())),*];
                guards.into()
            }
        }
    };
}

wide_driver! {
    r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 r25 r26 r27 r28 r29 r30 r31
    r32 r33 r34 r35 r36 r37 r38 r39 r40 r41 r42 r43 r44 r45 r46 r47 r48 r49 r50 r51 r52 r53 r54 r55 r56 r57 r58 r59 r60
    r61 r62 r63
}

/// A provider that nothing is done with.
#[derive(Debug)]
pub struct Idle;

impl ClientBinding for Idle {
    type Driver = Wide;
    type Npi = echo::Npi;

    fn attach(_: &'static Wide, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}
