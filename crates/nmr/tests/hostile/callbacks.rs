//! Callbacks and destructors that turn on the registration that they belong to.

use crate::neighbours::touch;
use crate::rogue::{Plan, Rogue};
use crate::siege::lay;
use nmr::{AtMostDispatch, AtPassive, Driver, OwnThread};

fn waits(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
    let seed = rogue.seed();
    while thread.goes_on() {
        let at = thread.may_wait();
        rogue.pit.wait_deactivated(at);
        let _ = rogue.pit.activate(at.at_passive());
        rogue.well.wait_deactivated(at);
        let _ = rogue.well.activate(at.at_passive());
        seed.dawdle();
    }
}

fn turns_on_all(rogue: &'static Rogue, at: &AtMostDispatch<'_>) {
    match rogue.seed().below(4) {
        0 => rogue.pit.deactivate(at),
        1 => rogue.well.deactivate(at),
        2 => rogue.spare.iter().for_each(|one| one.deactivate(at)),
        _ => drop(rogue.drain(at)),
    }
}

/// The attach callback deactivates its own registration and the others, also while it is being registered.
#[test]
fn attach_deactivates_its_own_registration() {
    lay(Plan {
        attach: |rogue, at| turns_on_all(rogue, at.at_most_dispatch()),
        threads: &[waits],
        ..Plan::IDLE
    });
}

/// The attach callback activates the others, whose attach callbacks do the same.
#[test]
fn attach_activates_the_others() {
    fn activates(rogue: &'static Rogue, at: &AtPassive<'_>) {
        rogue.spare.iter().for_each(|one| _ = one.activate(at));
        let _ = rogue.well.activate(at);
        let _ = rogue.pit.activate(at);
    }
    lay(Plan { attach: activates, threads: &[waits, waits], ..Plan::IDLE });
}

/// `closing` deactivates whatever there is, inside a detach callback or inside unload.
#[test]
fn closing_deactivates_everything() {
    lay(Plan {
        closing: |rogue, at| {
            turns_on_all(rogue, at);
            rogue.let_go();
        },
        threads: &[waits],
        ..Plan::IDLE
    });
}

/// A binding's destructor runs in NMR's cleanup: it calls other peers, completes other detaches, looks at everything.
#[test]
fn destructors_reach_out() {
    lay(Plan {
        dropped: |rogue| {
            rogue.pit.peers().for_each(|peer| touch(&peer, 8));
            rogue.let_go();
            let _ = rogue.pit.bindings() + rogue.well.bindings() + rogue.pit.attachments().count();
            let references = rogue.references().clone();
            references.iter().for_each(|reference| _ = reference.call(|peer| touch(peer, 2)));
        },
        closing: |rogue, _| {
            rogue.pit.peers().for_each(|peer| rogue.remember(peer.peer_ref()));
            rogue.let_go();
        },
        threads: &[waits],
        ..Plan::IDLE
    });
}
