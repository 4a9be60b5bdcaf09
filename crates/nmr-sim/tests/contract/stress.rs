//! Threads that register, call, detach and leave as fast as they can, under schedules that hold them up.

use crate::peer::{Call, Peer, Script, complete};
use nmr_abi::Status;
use nmr_sim::{Order, SeededSchedule, Side, World};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Answers SUCCESS, completes inside, or completes on another thread, in turn.
fn fickle(side: Side) -> Script {
    let turn = std::sync::atomic::AtomicUsize::new(0);
    Script::default().detach(move |bound| {
        match turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 3 {
            0 => return Status::SUCCESS,
            1 => bound.complete(),
            _ => {
                let (world, handle) = (bound.peer().world.clone(), bound.handle);
                thread::spawn(move || complete(&world, side, handle));
            }
        }
        Status::PENDING
    })
}

fn churn(seed: u64, lives: usize) {
    let world = World::builder()
        .schedule(SeededSchedule::new(seed))
        .detach_order(Order::Scheduled)
        .cleanup_order(Order::Scheduled)
        .wait_limit(Duration::from_secs(60))
        .build();
    let peers: Vec<Arc<Peer>> = (0..4)
        .map(|n| {
            let side = if n % 2 == 0 { Side::Client } else { Side::Provider };
            Peer::new(&world, side, 1, n, fickle(side))
        })
        .collect();
    thread::scope(|scope| {
        for peer in &peers {
            scope.spawn(move || {
                for _ in 0..lives {
                    peer.register();
                    peer.take_down();
                }
            });
        }
    });
    world.assert_clean();
    world.assert_unloaded();
    for peer in &peers {
        assert_eq!(peer.count(Call::Detach), peer.count(Call::Cleanup));
        assert_eq!(peer.count(Call::Detach), peer.bound().len(), "each accepted offer was detached once");
    }
    let cleanups = |side| -> usize {
        peers.iter().filter(|peer| peer.side == side).map(|peer| peer.count(Call::Cleanup)).sum()
    };
    assert_eq!(cleanups(Side::Client), cleanups(Side::Provider));
}

#[test]
fn four_modules_come_and_go_on_four_threads() {
    let (seeds, lives) = if cfg!(miri) { (1, 2) } else { (40, 25) };
    for seed in 0..seeds {
        churn(seed, lives);
    }
}
