//! How a world stands, as a value: what explorations compare and what tests may look at.

use crate::binding::{Half, Phase};
use crate::registration::Stage;
use crate::side::Side;
use crate::sync::lock;
use crate::world::World;
use nmr_abi::Status;

/// How a world stands at a moment at which no thread is at work in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// The registrations that were not waited for, in the order in which they were made.
    pub registrations: Vec<RegistrationState>,
    /// The bindings, from the offer to the return of the last cleanup callback, in the order of the offers.
    pub bindings: Vec<BindingState>,
}

/// How a registration stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegistrationState {
    /// What events call it.
    pub registration: u64,
    /// Of the module.
    pub side: Side,
    /// The `Number` of its registration instance.
    pub number: u32,
    /// How far it has come.
    pub stage: Stage,
}

/// How a binding stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindingState {
    /// What events call it.
    pub binding: u64,
    /// The client's registration.
    pub client: u64,
    /// The provider's registration.
    pub provider: u64,
    /// How far both have come together.
    pub phase: Phase,
    /// Whether the provider has accepted.
    pub accepted: bool,
    /// The client's part in the detach.
    pub client_half: HalfState,
    /// The provider's part in the detach.
    pub provider_half: HalfState,
}

/// How far one side of a binding has come with its detach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HalfState {
    /// Its detach callback was called.
    pub called: bool,
    /// What its detach callback returned.
    pub returned: Option<Status>,
    /// It has called its completion function.
    pub completed: bool,
    /// Its cleanup callback was called, or is not due.
    pub cleaned: bool,
}

impl From<Half> for HalfState {
    fn from(half: Half) -> Self {
        let Half { called, returned, completed, cleaned, .. } = half;
        Self { called, returned, completed, cleaned }
    }
}

impl World {
    /// How the world stands. Every registration and binding is looked at by itself, so that the value means something
    /// only while no other thread is at work.
    pub fn state(&self) -> State {
        let registrations = self.inner.registrations.all();
        let bindings = self.inner.bindings.all();
        State {
            registrations: registrations
                .iter()
                .map(|registration| RegistrationState {
                    registration: registration.number,
                    side: registration.side(),
                    number: registration.module.number(),
                    stage: lock(&registration.life).stage,
                })
                .collect(),
            bindings: bindings
                .iter()
                .map(|binding| {
                    let progress = lock(&binding.progress);
                    BindingState {
                        binding: binding.number,
                        client: binding.client.number,
                        provider: binding.provider.number,
                        phase: progress.phase(),
                        accepted: progress.is_accepted(),
                        client_half: progress.half(Side::Client).into(),
                        provider_half: progress.half(Side::Provider).into(),
                    }
                })
                .collect(),
        }
    }
}
