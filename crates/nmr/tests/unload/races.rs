//! Threads that activate and deactivate while the driver is unloaded, under seeded schedules.

#![expect(unsafe_code, reason = "makes the tokens of a test's threads")]

use crate::drivers::{Hooks, Hub};
use crate::faulty::Faulty;
use crate::peers::{Curious, OnDetach, Stubborn};
use nmr::host::{Host, Loaded};
use nmr::{AtMostDispatch, Error, Guid, InstanceIdentity, MayWait, ModuleId};
use nmr_sim::{SeededSchedule, World};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SEEDS: u64 = if cfg!(miri) { 2 } else { 60 };

fn world(seed: u64) -> World {
    let schedule = SeededSchedule::new(seed);
    World::builder().schedule(schedule).wait_limit(Duration::from_secs(60)).build()
}

fn finish(world: &World) {
    world.assert_clean();
    world.assert_unloaded();
}

/// Some threads activate the registration, some deactivate it, some wait for that, and one unloads the driver.
#[test]
fn late_activation_against_unload() {
    for seed in 0..SEEDS {
        let world = world(seed);
        let provider = Stubborn::register(&world, OnDetach::Answer);
        let hub = Hub::load(&world).expect("nothing fails");
        let driver = hub.driver();
        let begin = Barrier::new(4);
        let activated = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    begin.wait();
                    // SAFETY: an ordinary thread, in no callback.
                    let at = unsafe { MayWait::assume() };
                    loop {
                        match driver.later.activate(at.at_passive()) {
                            Ok(()) => {
                                activated.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(Error::DEVICE_NOT_READY) => return,
                            Err(error) => assert_eq!(error, Error::INVALID_DEVICE_STATE),
                        }
                        driver.later.deactivate(at.at_most_dispatch());
                        driver.later.wait_deactivated(&at);
                    }
                });
            }
            scope.spawn(|| {
                begin.wait();
                // SAFETY: an ordinary thread.
                let at = unsafe { AtMostDispatch::assume() };
                for _ in 0..50 {
                    driver.later.deactivate(&at);
                    driver.second.deactivate(&at);
                }
            });
            begin.wait();
            std::thread::sleep(Duration::from_micros(seed * 40));
            drop(hub);
            assert!(driver.later.is_idle(), "seed {seed}");
        });
        assert!(driver.later.is_idle() && driver.second.is_idle(), "seed {seed}");
        provider.leave();
        finish(&world);
    }
}

/// Instances come and go on several threads while clients do, and while the driver is unloaded.
#[test]
fn instances_against_unload_and_clients() {
    for seed in 0..SEEDS {
        let world = world(seed);
        let hooks = Loaded::<Hooks>::new(Host::new(Faulty::over(&world))).expect("nothing fails");
        let driver = hooks.driver();
        let begin = Barrier::new(4);
        std::thread::scope(|scope| {
            for thread in 0..2_u32 {
                let begin = &begin;
                scope.spawn(move || {
                    begin.wait();
                    // SAFETY: an ordinary thread, in no callback.
                    let at = unsafe { MayWait::assume() };
                    for number in 0.. {
                        let module = ModuleId::from_guid(Guid::from_u128(u128::from(thread + 1)));
                        let identity = InstanceIdentity::new(module, number);
                        match driver.spare.activate_any(identity, at.at_passive()) {
                            Ok(instance) => {
                                instance.deactivate(at.at_most_dispatch());
                                instance.wait_deactivated(&at);
                            }
                            Err(Error::DEVICE_NOT_READY) => return,
                            Err(error) => assert_eq!(error, Error::INSUFFICIENT_RESOURCES),
                        }
                    }
                });
            }
            scope.spawn(|| {
                begin.wait();
                for _ in 0..3 {
                    Curious::register(&world).leave();
                }
            });
            begin.wait();
            std::thread::sleep(Duration::from_micros(seed * 40));
            drop(hooks);
        });
        finish(&world);
    }
}

/// An attach callback activates another registration, and unload comes in between.
#[test]
fn an_attach_callback_activates_another_registration() {
    for seed in 0..SEEDS {
        let world = world(seed);
        let hub = Hub::load(&world).expect("nothing fails");
        let driver = hub.driver();
        driver.state.chain.store(true, Ordering::SeqCst);
        std::thread::scope(|scope| {
            let joining = scope.spawn(|| Stubborn::register(&world, OnDetach::Answer));
            if seed > 0 {
                std::thread::sleep(Duration::from_micros(seed * 10));
                drop(hub);
                joining.join().expect("no panic").leave();
            } else {
                let provider = joining.join().expect("no panic");
                assert_eq!(driver.later.bindings(), 1, "activated inside a callback, and attached");
                drop(hub);
                provider.leave();
            }
        });
        assert!(driver.later.is_idle());
        finish(&world);
    }
}
