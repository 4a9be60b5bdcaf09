//! How a small world stands, without what makes no difference: modules go by their numbers, and neither they nor their
//! bindings know how many there were before.

use crate::binding::Phase;
use crate::registration::Stage;
use crate::side::Side;
use crate::state::{HalfState, State};

/// A state in which equal means the same future.
#[derive(Hash)]
pub(super) struct View {
    /// Side, number and stage of each registration, the oldest first, or in an order that does not tell.
    registrations: Vec<(bool, u32, Stage)>,
    bindings: Vec<BindingView>,
}

#[derive(Hash)]
struct BindingView {
    client: u32,
    provider: u32,
    phase: Phase,
    accepted: bool,
    halves: [HalfState; 2],
}

impl View {
    /// What counts of `state`; with `ages` also who is older.
    pub(super) fn of(state: &State, ages: bool) -> Self {
        let number = |registration: u64| {
            let found = state.registrations.iter().find(|known| known.registration == registration);
            found.map_or(u32::MAX, |known| known.number)
        };
        let mut registrations: Vec<_> = state
            .registrations
            .iter()
            .map(|known| (known.side == Side::Provider, known.number, known.stage))
            .collect();
        let mut bindings: Vec<_> = state
            .bindings
            .iter()
            .map(|known| BindingView {
                client: number(known.client),
                provider: number(known.provider),
                phase: known.phase,
                accepted: known.accepted,
                halves: [known.client_half, known.provider_half],
            })
            .collect();
        if !ages {
            registrations.sort_by_key(|(is_provider, number, _)| (*is_provider, *number));
        }
        bindings.sort_by_key(|binding| (binding.client, binding.provider));
        Self { registrations, bindings }
    }
}
