//! The way of a driver up, and down again.
//!
//! Down, each step complete before the next:
//! 0. the [monitor](monitor) starts if anybody may hold this up, then the `stop` hook, and word to the driver's own threads;
//! 1. the [gate](gate): nobody activates a registration any more, and who is at it comes to an end;
//! 2. the doors of all registrations;
//! 3. [stage by stage](order): close every binding, issue every NmrDeregister*, wait for each;
//! 4. who is still inside a deactivation comes out;
//! 5. a [drainer](drain) and the driver's own threads are joined, DPCs have run;
//! 6. monitor and helpers are joined.
//!
//! Nothing returns through the driver's code afterwards but the few instructions between the last count of a thread that
//! was counted and its return.

#![expect(unsafe_code, reason = "joins the driver's threads")]

mod coordinator;
pub(crate) mod drain;
mod drainer;
mod gate;
mod monitor;
mod order;
mod stages;
#[cfg(test)]
mod tests;
mod threads;
mod watchdog;

pub use coordinator::Coordinator;
#[cfg(test)]
pub(crate) use gate::Gate;
pub(crate) use gate::Inside;
pub(crate) use stages::drain_here;
pub(crate) use watchdog::Blocker;

use crate::log::{self, Facts};
use crate::registration::Registered;
use crate::{Driver, MayWait, Result, Side, Stage, Step, System};
use coordinator::Phase;
use monitor::Monitor;

/// What the steps of a registration ask for: only this room can make one.
#[derive(Debug)]
pub struct Coordinated(());

/// Brings `driver` up; on failure down again, whatever had been reached.
///
/// # Safety
/// As for [`Driver::load`].
pub(crate) unsafe fn load<D: Driver>(driver: &'static D, at: &MayWait<'_>) -> Result<()> {
    let system = driver.system();
    let coordinator = driver.coordinator();
    // SAFETY: nobody else loads the driver, as the caller says, and nothing of it runs yet.
    unsafe { coordinator.prepare() };
    let mut declared = D::OPTIONS.iter();
    driver.for_each_registration(&mut |_, registration| {
        let options = declared.next().expect("driver! declares the options of every registration");
        // SAFETY: as above.
        unsafe { registration.prepare(driver, options, &Coordinated(())) };
    });
    if let Err(error) = driver.start(at) {
        log::tell(driver, None, Step::StartFailed, &Facts::of_status(error.status()));
        coordinator.begins(system.now());
        driver.ask_threads_to_end();
        // SAFETY: this is `Driver::load`.
        unsafe { end_threads(driver, at) };
        coordinator.ends(driver, at);
        return Err(error);
    }
    coordinator.gate().open();
    let mut registered = Ok(());
    driver.for_each_registration(&mut |_, registration| {
        if registered.is_ok() && registration.registers_at_load(&Coordinated(())) {
            registered = registration.register(at, &Coordinated(()));
        }
    });
    match registered {
        Ok(()) => log::tell(driver, None, Step::Loaded, &Facts::default()),
        Err(error) => {
            log::tell(driver, None, Step::LoadFailed, &Facts::of_status(error.status()));
            // SAFETY: the driver is loaded as far as it goes, and this is the only thread that knows.
            unsafe { unload(driver, at) };
        }
    }
    registered
}

/// Takes `driver` down.
///
/// # Safety
/// As for [`Driver::unload`].
pub(crate) unsafe fn unload<D: Driver>(driver: &'static D, at: &MayWait<'_>) {
    let system = driver.system();
    let coordinator = driver.coordinator();
    let visit = |each: &mut dyn FnMut(Stage, &'static dyn Registered<D>)| driver.for_each_registration(each);
    log::tell(driver, None, Step::UnloadBegins, &Facts::default());
    coordinator.begins(system.now());
    let watched = may_be_held_up(driver);
    let mut monitor = watched.then(|| Monitor::start(driver, at)).flatten();
    driver.stop(at);
    driver.ask_threads_to_end();

    coordinator.gate().shut();
    coordinator.enters(Phase::Activations);
    coordinator.wait_while(driver, at, &|| coordinator.gate().activations() > 0);

    let highest = order::shut_doors(&visit);
    if !watched && may_be_held_up(driver) {
        monitor = Monitor::start(driver, at);
    }
    coordinator.enters(Phase::Registrations);
    order::take_down(&visit, highest, coordinator.issuing(), &|| system.now(), at);

    coordinator.enters(Phase::Deactivations);
    coordinator.wait_while(driver, at, &|| coordinator.gate().deactivations() > 0);

    // SAFETY: as the caller says.
    unsafe { end_threads(driver, at) };
    drop(monitor);
    coordinator.ends(driver, at);
    log::tell(driver, None, Step::Unloaded, &Facts::default());
}

/// # Safety
/// As for [`Driver::join_threads`].
unsafe fn end_threads<D: Driver>(driver: &'static D, at: &MayWait<'_>) {
    let coordinator = driver.coordinator();
    coordinator.enters(Phase::Threads);
    drain::end(driver, at);
    // SAFETY: as the caller says.
    unsafe { driver.join_threads(at) };
    coordinator.enters(Phase::Dpcs);
    driver.system().flush_dpcs(at);
}

/// Whether a peer can block: there is a binding, or an attach callback that may make one yet. A provider does not even
/// hear of a client whose attach callback takes its time, and NMR waits for that too.
fn may_be_held_up<D: Driver>(driver: &'static D) -> bool {
    let mut found = false;
    driver.for_each_registration(&mut |_, registration| {
        let offered = registration.side() == Side::Provider && registration.is_known_to_nmr(&Coordinated(()));
        // In this order: whoever made a binding was in a callback before.
        found |= offered || registration.callbacks_running() > 0 || registration.bindings_left() > 0;
    });
    found
}
