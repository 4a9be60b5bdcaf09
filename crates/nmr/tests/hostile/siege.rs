//! The neighbours come and go on threads of their own while the rogue is loaded, reloaded and unloaded.

use crate::neighbours::{Guest, Pit};
use crate::rogue::{Plan, Rogue};
use crate::seeds::{Seed, each_seed};
use nmr::Driver;
use nmr::host::{Host, Loaded};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const LIVES: usize = if cfg!(miri) { 2 } else { 3 };
const SEEDS: u64 = 40;

/// Lets `plan` loose with many seeds.
pub fn lay(plan: Plan) {
    each_seed(SEEDS, |seed| one(plan, seed));
}

fn one(plan: Plan, seed: &Seed) {
    let world = seed.world();
    let parts = [seed.part(), seed.part(), seed.part(), seed.part()];
    let [pit, guest, rogue, reader] = &parts;
    let over = AtomicBool::new(false);
    let (pit_driver, guest_driver) = (
        Loaded::<Pit>::new(Host::quiet(world.clone())).expect("nothing fails"),
        Loaded::<Guest>::new(Host::quiet(world.clone())).expect("nothing fails"),
    );
    let loaded = Rogue::load(&world, plan, rogue).expect("nothing fails");
    let driver = loaded.driver();
    let neighbours = (pit_driver.driver(), guest_driver.driver());
    thread::scope(|scope| {
        let lives = [
            scope.spawn(|| lives(pit_driver, pit, |driver| &driver.state.loaded)),
            scope.spawn(|| lives(guest_driver, guest, |driver| &driver.state.loaded)),
            scope.spawn(|| lives(loaded, rogue, |driver| &driver.state.census.loaded)),
        ];
        // Whoever looks from outside holds no driver in memory; storage that is static is looked at in all its lives.
        let reading = scope.spawn(|| reads(driver, reader, &over));
        lives.into_iter().for_each(|life| life.join().expect("no panic"));
        over.store(true, Ordering::SeqCst);
        reading.join().expect("no panic");
    });
    world.assert_clean();
    world.assert_unloaded();
    driver.state.census.assert_balanced();
    neighbours.0.state.assert_balanced();
    neighbours.1.state.assert_balanced();
    assert_eq!(driver.system().threads_left(), 0);
    assert_eq!((driver.pit.bindings(), driver.pit.calls_in_flight()), (0, 0));
    assert!(
        driver.pit.is_idle() && driver.well.is_idle() && driver.spare.iter().all(nmr::Registration::is_idle)
    );
}

/// A driver that is unloaded and loaded again, and at last unloaded.
fn lives<D: Driver>(mut loaded: Loaded<D>, seed: &Seed, flag: fn(&'static D) -> &'static AtomicBool) {
    let driver = loaded.driver();
    for _ in 1..LIVES {
        seed.dawdle();
        thread::sleep(core::time::Duration::from_micros(seed.below(800)));
        loaded = loaded
            .reload(|| {
                flag(driver).store(false, Ordering::SeqCst);
                seed.dawdle();
                flag(driver).store(true, Ordering::SeqCst);
            })
            .expect("nothing fails");
    }
    thread::sleep(core::time::Duration::from_micros(seed.below(800)));
    drop(loaded);
    flag(driver).store(false, Ordering::SeqCst);
}

/// Looks at the snapshot in each form.
fn reads(driver: &'static Rogue, seed: &Seed, over: &AtomicBool) {
    let mut bytes = vec![0; 8192];
    while !over.load(Ordering::SeqCst) {
        driver.for_each_attachment(|_, attachment| assert!(attachment.slot < 4));
        let _ = driver.write_snapshot(&mut bytes);
        let _ = driver.pit.attachments().count() + driver.well.bindings();
        let _ = driver.pit.oldest_peer().map(|peer| peer.peer_module_id());
        seed.dawdle();
        thread::yield_now();
    }
}
