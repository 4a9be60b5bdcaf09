//! Drivers and C modules that load, attach, call, close and unload in any order on many threads.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, load, reload};
use crate::restless;
use crate::seeds::{Seed, each_seed};
use crate::toy::{Call, Script, Toy};
use nmr::Status;
use nmr_sim::{Side, World};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ScopedJoinHandle};

/// How often each one comes and goes.
const LIVES: usize = if cfg!(miri) { 2 } else { 4 };

/// A driver that reloads while two threads of a test call through it, one of them holding guards for a while. Whoever
/// calls unloads nothing, so the calls go on over the unload.
fn driver_lives<S: Subject>(world: &World, seed: &Seed, over: &AtomicBool) -> &'static S {
    let mut loaded = load::<S>(world);
    let driver = loaded.driver();
    let callers = [seed.part(), seed.part()];
    let still = AtomicBool::new(true);
    thread::scope(|scope| {
        for caller in &callers {
            scope.spawn(|| {
                while still.load(Ordering::Relaxed) {
                    let guard = if caller.coin() { driver.hold() } else { None };
                    caller.dawdle();
                    driver.call_all();
                    drop(guard);
                    thread::yield_now();
                }
            });
        }
        for _ in 1..LIVES {
            seed.dawdle();
            if seed.coin() {
                driver.call_all();
            }
            loaded = reload(loaded);
        }
        while !over.load(Ordering::SeqCst) && seed.below(4) > 0 {
            seed.dawdle();
        }
        drop(loaded);
        still.store(false, Ordering::Relaxed);
    });
    driver
}

/// A C module that registers and goes again.
fn toy_lives(toy: &'static Toy, seed: &Seed) {
    for _ in 0..LIVES {
        seed.dawdle();
        assert_eq!(toy.register(), Status::SUCCESS);
        seed.dawdle();
        toy.take_down();
    }
}

/// Calls its peer while it attaches, when nobody can detach it yet; answers detaches with SUCCESS, completes inside, or
/// completes on another thread, as the seed says.
fn fickle(number: u32, seed: Seed) -> Script {
    let script = Script::default().number(number).attach(|offer| {
        let status = offer.accept();
        if status.is_success() {
            let context = offer.toy.contexts().into_iter().find(|context| context.handle == offer.handle);
            assert_eq!(
                context.and_then(|context| context.call_peer(7)),
                Some(7 + offer.number()),
                "the right peer answers"
            );
        }
        status
    });
    script.detach(move |context| {
        context.touch();
        match seed.below(3) {
            0 => return Status::SUCCESS,
            1 => context.complete(),
            _ => {
                thread::spawn(|| context.complete());
            }
        }
        Status::PENDING
    })
}

fn churn(seed: &Seed) {
    let world = seed.world();
    let toys: Vec<_> = (1..=4)
        .map(|number| {
            let side = if number % 2 == 0 { Side::Client } else { Side::Provider };
            (Toy::new(&world, side, fickle(number, seed.part())), seed.part())
        })
        .collect();
    let over = AtomicBool::new(false);
    let parts = [seed.part(), seed.part(), seed.part(), seed.part()];
    let (consumers, supplier, restless) = thread::scope(|scope| {
        let [first, second, third, fourth] = &parts;
        let consumers =
            [first, second].map(|part| scope.spawn(|| driver_lives::<Consumer>(&world, part, &over)));
        let supplier = scope.spawn(|| driver_lives::<Supplier>(&world, third, &over));
        let restless = scope.spawn(|| restless::lives(&world, fourth, LIVES, &over));
        let lives: Vec<_> = toys.iter().map(|(toy, part)| scope.spawn(|| toy_lives(toy, part))).collect();
        lives.into_iter().for_each(|life| life.join().expect("no panic"));
        over.store(true, Ordering::SeqCst);
        (consumers.map(ScopedJoinHandle::join), supplier.join(), restless.join())
    });
    for consumer in consumers {
        assert_gone(&world, consumer.expect("no panic"));
    }
    assert_gone(&world, supplier.expect("no panic"));
    assert_gone(&world, restless.expect("no panic"));
    for (toy, _) in &toys {
        assert_eq!(toy.faults(), [], "no toy was called after its cleanup");
        assert_eq!(toy.count(Call::Detach), toy.count(Call::Cleanup));
        assert!(toy.contexts().iter().all(|context| context.is_freed()), "each was cleaned up or refused");
    }
}

#[test]
fn drivers_and_modules_come_and_go_on_many_threads() {
    each_seed(400, churn);
}
