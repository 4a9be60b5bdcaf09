//! References and guards of every form, kept too long, dropped in odd places, used across unload and reload.

use crate::neighbours::touch;
use crate::rogue::{Plan, Rogue};
use crate::siege::lay;
use nmr::OwnThread;

fn holds(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
    let seed = rogue.seed();
    while thread.goes_on() {
        match seed.below(4) {
            0 => rogue.pit.peers().map(nmr::Guard::hold).for_each(|held| rogue.keep(held)),
            1 => rogue.let_go(),
            2 => {
                let guards: Vec<_> = rogue.pit.peers().chain(rogue.pit.peers()).collect();
                seed.dawdle();
                guards.iter().for_each(|guard| touch(guard, 5));
            }
            _ => {
                let Some(mut burst) = rogue.pit.oldest_peer().and_then(|peer| peer.peer_ref().burst(8))
                else {
                    continue;
                };
                while let Some(peer) = burst.next_call() {
                    touch(peer, 6);
                }
                let guard = burst.into_guard();
                touch(&guard, 1);
                guard.binding().canary.sings();
            }
        }
        seed.dawdle();
    }
    rogue.let_go();
}

/// Held guards are let go in `closing`, inside the closer's own walk, or in a destructor, or when the thread ends.
#[test]
fn guards_are_kept_across_unload() {
    lay(Plan { closing: |rogue, _| rogue.let_go(), threads: &[holds, holds], ..Plan::IDLE });
}

fn reuses(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
    let seed = rogue.seed();
    while thread.goes_on() {
        rogue.pit.peers().for_each(|peer| rogue.remember(peer.peer_ref()));
        let references = rogue.references().clone();
        for reference in references {
            match seed.below(3) {
                0 => drop(reference.call(|peer| touch(peer, seed.draw()))),
                1 => drop(thread.at_dispatch(|at| reference.call_at_dispatch(at, |peer| touch(peer, 9)))),
                _ => drop(reference.enter().map(|guard| touch(&guard.hold(), 2))),
            }
        }
        seed.dawdle();
    }
}

/// References that are never given up are tried in every later life of the driver and its peers.
#[test]
fn references_are_kept_for_ever() {
    lay(Plan { threads: &[reuses, reuses, reuses], ..Plan::IDLE });
}

fn raises(rogue: &'static Rogue, thread: &mut OwnThread<'_, Rogue>) {
    let seed = rogue.seed();
    while thread.goes_on() {
        let found: Vec<_> = rogue.pit.peers().map(|peer| peer.peer_ref()).collect();
        let kept = thread.at_dispatch(|at| {
            let guards: Vec<_> = found.iter().filter_map(|peer| peer.enter_at_dispatch(at)).collect();
            if seed.below(8) == 0 {
                // The bindings close under the guards, which stay good until the IRQL is lowered.
                rogue.pit.deactivate(at.at_most_dispatch());
            }
            for guard in &guards {
                guard.linger(seed.draw());
                touch(guard, 4);
                guard.binding().canary.sings();
            }
            // A counted guard may leave the level at which it was taken.
            found.first().and_then(nmr::PeerRef::enter).map(nmr::Guard::hold)
        });
        drop(kept);
        if rogue.pit.is_idle() || seed.coin() {
            rogue.pit.wait_deactivated(thread.may_wait());
            let _ = rogue.pit.activate(thread.may_wait().at_passive());
        }
    }
}

use crate::neighbours::pit::Provider as _;

/// Calls at DISPATCH_LEVEL over closings, deactivations from there, grace periods that are under way at unload.
#[test]
fn calls_at_dispatch_meet_the_end() {
    lay(Plan { threads: &[raises, raises], closing: |rogue, _| rogue.let_go(), ..Plan::IDLE });
}

/// A call that is served reaches out through every peer, in the middle of the peer's own call.
#[test]
fn served_calls_call_on() {
    lay(Plan {
        served: |rogue| {
            rogue.pit.peers().for_each(|peer| touch(&peer, 1));
            if rogue.seed().coin()
                && let Some(peer) = rogue.pit.oldest_peer()
            {
                rogue.keep(peer.hold());
            }
        },
        closing: |rogue, _| rogue.let_go(),
        dropped: Rogue::let_go,
        threads: &[holds],
        ..Plan::IDLE
    });
}
