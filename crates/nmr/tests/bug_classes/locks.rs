//! Spin locks that a DPC can interrupt, and lock states that are carried by hand.

#![expect(unsafe_code, reason = "works with raw locks, as C does")]

use crate::drivers::{Bound, Probe, Probed, adder};
use crate::raising::{
    INTERRUPTED, Interrupt, MACHINE, Raising, RaisingLock, STALE, TAKEN_AT_DISPATCH, TAKEN_AT_PASSIVE,
};
use crate::seeds::until;
use crate::toy::{Script, Toy};
use nmr::host::{HostLock, Loaded};
use nmr::{Client, HeldGuard, MayWait, RawLock, Status, System};
use nmr_sim::{Raised, Side, World};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The counts of [`crate::raising`] are of one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

const PASSIVE: u8 = 0;
const DISPATCH: u8 = 2;

fn irql() -> u8 {
    Raising::irql()
}

fn may_wait() -> MayWait<'static> {
    // SAFETY: an ordinary thread of the test.
    unsafe { MayWait::assume() }
}

/// A3: a DPC comes to the processor of a thread that holds a lock which does not raise. From there it would spin for the
/// lock for ever, because the thread does not go on before it has returned.
#[test]
fn spin_as_a_kernel_lock_in_c() {
    let lock = HostLock::UNLOCKED;
    // SAFETY: released below.
    unsafe { lock.acquire() };
    let interrupt = Interrupt::here();
    until("the DPC interrupts whoever holds the lock", || interrupt.has_run());
    assert_eq!(irql(), PASSIVE);
    // SAFETY: taken above.
    unsafe { lock.release(()) };
}

/// The same with a lock that raises: the DPC comes when the lock is free.
#[test]
fn a_lock_that_raises_is_not_interrupted() {
    let _alone = alone();
    let before = INTERRUPTED.load(Ordering::SeqCst);
    let lock = RaisingLock::UNLOCKED;
    // SAFETY: released below.
    let restore = unsafe { lock.acquire() };
    let interrupt = Interrupt::here();
    std::thread::sleep(core::time::Duration::from_millis(5));
    assert!(!interrupt.has_run());
    // SAFETY: taken above.
    unsafe { lock.release(restore) };
    until("the DPC runs", || interrupt.has_run());
    assert_eq!(INTERRUPTED.load(Ordering::SeqCst), before);
}

/// A4: what locking answered is dropped, and the lock released with what an earlier one had answered under another lock.
/// The thread stays at DISPATCH_LEVEL, where its next wait is the end of the machine.
#[test]
fn hand_carried_lock_state_in_c() {
    let _alone = alone();
    let stale = STALE.load(Ordering::SeqCst);
    let (list, link) = (RaisingLock::UNLOCKED, RaisingLock::UNLOCKED);
    // SAFETY: released below.
    let list_state = unsafe { list.acquire() };
    // SAFETY: released below.
    let state = unsafe { link.acquire() };
    // SAFETY: taken above.
    unsafe { link.release(state) };
    // SAFETY: taken above.
    unsafe { list.release(list_state) };
    assert_eq!((irql(), state), (PASSIVE, DISPATCH));
    // SAFETY: released below, with the wrong state.
    unsafe { link.acquire() };
    // SAFETY: none: this is the bug.
    unsafe { link.release(state) };
    assert_eq!(irql(), DISPATCH, "nobody holds a lock any more");
    assert_eq!(STALE.load(Ordering::SeqCst), stale + 1);
    // SAFETY: what the bug has left undone.
    unsafe { MACHINE.lower(PASSIVE) };
    MACHINE.flush_dpcs(&may_wait());
}

nmr::driver! {
    /// Client and provider of Adder, under a lock that raises.
    pub driver Careful {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2c20",
        system: Raising,
        state: Probe = Probe::new(),
        provider service: adder::Npi as Bound<Careful> { capacity: 4 },
        client adder: adder::Npi as Bound<Careful> { capacity: 4, calls_at_dispatch: allow },
    }
}

impl Probed for Careful {
    fn probe(&self) -> &Probe {
        &self.state
    }
}

/// Peers come and go at PASSIVE_LEVEL and at DISPATCH_LEVEL, with calls in flight and grace periods: every lock of the
/// framework is given back to where it was taken.
fn a_life(world: &World) -> &'static Careful {
    let careful = Loaded::<Careful>::new(Raising::over(world)).expect("nothing fails");
    let driver = careful.driver();
    let system = nmr::Driver::system(driver);
    for side in [Side::Client, Side::Provider] {
        for raise in [false, true] {
            let peer = Toy::registered(world, side, Script::default());
            assert_eq!(irql(), PASSIVE);
            let held: Option<HeldGuard<Client<Bound<Careful>, 1, true>>> =
                driver.adder.oldest_peer().map(nmr::Guard::hold);
            if raise {
                let raised = Raised::to_dispatch();
                let status = may_wait().at_dispatch(system, |_| {
                    let status = peer.deregister();
                    assert_eq!(irql(), DISPATCH, "the caller has raised it");
                    drop(held);
                    assert_eq!(irql(), DISPATCH, "the caller has raised it");
                    status
                });
                drop(raised);
                assert_eq!(status, Status::PENDING);
            } else {
                assert_eq!(peer.deregister(), Status::PENDING);
                drop(held);
            }
            assert_eq!((irql(), peer.wait()), (PASSIVE, Status::SUCCESS));
        }
    }
    drop(careful);
    assert_eq!(irql(), PASSIVE);
    driver
}

fn taken(counts: [&AtomicUsize; 4]) -> [usize; 4] {
    counts.map(|count| count.load(Ordering::SeqCst))
}

/// What happens to the locks in the lives of a driver: how often they are taken at either level, released to another one, and
/// held where a DPC can come.
fn a_life_with_locks() -> [usize; 4] {
    let _alone = alone();
    let counts = [&TAKEN_AT_PASSIVE, &TAKEN_AT_DISPATCH, &STALE, &INTERRUPTED];
    let before = taken(counts);
    let world = World::new();
    let driver = a_life(&world);
    driver.state.assert_even();
    world.assert_clean();
    world.assert_unloaded();
    MACHINE.flush_dpcs(&may_wait());
    let after = taken(counts);
    [0, 1, 2, 3].map(|index| after[index] - before[index])
}

#[test]
fn spin_as_a_kernel_lock_here() {
    let [at_passive, _, _, interrupted] = a_life_with_locks();
    assert!(at_passive > 0, "where a DPC would interrupt");
    assert_eq!(interrupted, 0);
}

#[test]
fn hand_carried_lock_state_here() {
    let [at_passive, at_dispatch, stale, _] = a_life_with_locks();
    assert!(at_passive > 0 && at_dispatch > 0, "both levels are there to be confused");
    assert_eq!(stale, 0);
}
