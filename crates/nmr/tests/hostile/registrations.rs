//! Registrations that are taken up and down from everywhere at once.

use crate::rogue::{Plan, Rogue};
use crate::siege::lay;
use nmr::{Driver, InstanceIdentity, OwnThread};

fn storms(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
    let seed = rogue.seed();
    while thread.goes_on() {
        let at = thread.may_wait();
        let identity = InstanceIdentity::new(*Rogue::MODULE_ID, seed.below(9) as u32);
        match seed.below(10) {
            0 => drop(rogue.pit.activate(at.at_passive())),
            1 => rogue.pit.deactivate(at.at_most_dispatch()),
            2 => rogue.pit.wait_deactivated(at),
            3 => drop(rogue.well.activate_as(identity, at.at_passive())),
            4 => rogue.well.deactivate(at.at_most_dispatch()),
            5 => rogue.well.wait_deactivated(at),
            6 => drop(rogue.spare.activate_any(identity, at.at_passive()).map(nmr::Registration::bindings)),
            7 => rogue.spare[seed.below(2) as usize].deactivate(at.at_most_dispatch()),
            8 => rogue.spare[seed.below(2) as usize].wait_deactivated(at),
            _ => drop(rogue.drain(at.at_most_dispatch())),
        }
        seed.dawdle();
    }
}

/// Activations, deactivations, waits and drains on four threads, until unload takes part.
#[test]
fn a_storm_of_activations() {
    lay(Plan { threads: &[storms, storms, storms, storms], ..Plan::IDLE });
}

/// Activated again at once while the slots of the bindings before are still being cleaned up.
#[test]
fn slots_are_reused_while_bindings_drain() {
    fn renews(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
        while thread.goes_on() {
            let at = thread.may_wait();
            rogue.pit.deactivate(at.at_most_dispatch());
            rogue.pit.wait_deactivated(at);
            let _ = rogue.pit.activate(at.at_passive());
            if let Some(peer) = rogue.pit.oldest_peer() {
                rogue.keep(peer.hold());
            }
        }
        rogue.let_go();
    }
    lay(Plan { threads: &[renews, storms], closing: |rogue, _| rogue.let_go(), ..Plan::IDLE });
}
