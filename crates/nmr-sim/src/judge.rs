//! Looks at what modules registered and show to each other, at the moments at which it must be as it was.

#![expect(unsafe_code, reason = "reads the dispatch tables that modules show to each other")]

use crate::binding::{Binding, Tables};
use crate::contract::Rule;
use crate::registered::Shown;
use crate::registration::Registration;
use crate::side::Side;
use crate::world::World;
use std::sync::atomic::Ordering::Relaxed;

impl World {
    /// What is wrong with the structures of a registration that is being made.
    pub(crate) fn judge_registered(&self, registration: &Registration, shared: bool) {
        let registered = registration.module.registered();
        let judgements = [
            (registered.lengths_are_right(), Rule::LengthField),
            (registered.versions_are_zero(), Rule::VersionField),
            (registered.is_identified(), Rule::ModuleIdField),
            (!shared, Rule::StructureShared),
        ];
        for (right, rule) in judgements {
            if !right {
                self.violated(rule, || format!("{registration} registers"));
            }
        }
    }

    /// Reports once if what `registration` registered is not what it was.
    pub(crate) fn judge_characteristics(&self, registration: &Registration, when: &str) {
        let Some(what) = registration.module.registered().change() else { return };
        if !registration.change_was_told.swap(true, Relaxed) {
            self.violated(Rule::CharacteristicsChanged, || {
                format!("the {what} of {registration} has changed {when}")
            });
        }
    }

    /// Copies the dispatch tables of a binding that both sides have accepted, if it is known how large they are.
    pub(crate) fn keep_tables(&self, binding: &Binding) {
        let sizes = binding.client.npi.sizes;
        if (sizes.client_dispatch, sizes.provider_dispatch) == (0, 0) {
            return;
        }
        let table = |side: Side, bytes| {
            // SAFETY: both sides vouch for their tables until both have detached, `judge_tables` looks no later than
            // that, and whoever set the world up vouches for the size.
            unsafe { Shown::copy(binding.dispatch(side).load(Relaxed), bytes) }
        };
        let _ = binding.tables.set(Tables {
            client: table(Side::Client, sizes.client_dispatch),
            provider: table(Side::Provider, sizes.provider_dispatch),
        });
    }

    /// Reports if a dispatch table of `binding`, which both sides have detached and nobody has cleaned up yet, has
    /// changed.
    pub(crate) fn judge_tables(&self, binding: &Binding) {
        let Some(tables) = binding.tables.get() else { return };
        for (side, table) in [(Side::Client, &tables.client), (Side::Provider, &tables.provider)] {
            if table.as_ref().is_some_and(|table| !table.is_unchanged()) {
                let number = binding.number;
                self.violated(Rule::DispatchChanged, || {
                    format!(
                        "the dispatch table of {} has changed while binding {number} was there",
                        binding.of(side)
                    )
                });
            }
        }
    }
}
