//! Unload of a driver with 64 registrations: against its longest drain, and against the bare Nmr* calls.

mod bare;
mod drains;
mod overhead;
pub mod wide;

use std::time::{Duration, Instant};

use anyhow::Result;
use nmr::Npi as _;
use nmr::host::{Host, Loaded};
use nmr_sim::World;

use self::bare::Registrations;
use self::drains::{Blocking, Clock, Pending};
use self::wide::Wide;
use crate::echo::echo;
use crate::measurement::{Effort, Measurement};
use crate::raw_module::{Detaching, RawProvider};
use crate::sample::median;

/// How long each binding of a peer, or a call in flight, takes to end: from 1 to 50 ms, over and over.
const DRAINS: [u64; 10] = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50];

fn drain(number: usize) -> Duration {
    Duration::from_millis(DRAINS[number % DRAINS.len()])
}

/// A figure, and one measurement of it.
type Scenario = (&'static str, fn() -> Result<f64>);

/// What is measured against the longest drain.
const SCENARIOS: [Scenario; 5] = [
    ("peers_pend", || Ok(against_peers(Pending::start, by_framework)?)),
    ("peers_block", || Ok(against_peers(Blocking::new, by_framework)?)),
    ("calls_in_flight", || Ok(against_calls()?)),
    ("sequential_peers_pend", || Ok(against_peers(Pending::start, one_after_the_other)?)),
    ("sequential_peers_block", || Ok(against_peers(Blocking::new, one_after_the_other)?)),
];

/// The ratios of unload to its longest drain, and its cost with nothing in flight.
///
/// # Errors
/// A driver does not load.
pub fn measure(effort: Effort, mut tell: impl FnMut(Measurement)) -> Result<usize> {
    for (name, scenario) in SCENARIOS {
        let values = (0..effort.repetitions(1, 7)).map(|_| scenario()).collect::<Result<Vec<_>>>()?;
        if let Some(ratio) = median(values) {
            tell(Measurement::new(name, ratio, "x longest drain"));
        }
    }
    overhead::measure(effort, tell)
}

/// A quiet world.
fn world() -> World {
    World::builder().record(false).build()
}

/// A provider of Echo that every registration attaches to.
fn provider(world: &World, detaching: impl Detaching) -> RawProvider {
    RawProvider::register(world, echo::Npi::ID, Some(crate::echo::table()), detaching)
}

/// The time of `take_down` over the longest drain of its peers.
fn against_peers<D: Detaching>(
    peers: fn(Clock) -> D,
    take_down: fn(&World) -> nmr::Result<Duration>,
) -> nmr::Result<f64> {
    let (world, clock) = (world(), Clock::default());
    let _provider = provider(&world, peers(clock.clone()));
    let time = take_down(&world)?;
    Ok(time.as_secs_f64() / clock.longest().as_secs_f64())
}

/// How long the framework takes to unload.
fn by_framework(world: &World) -> nmr::Result<Duration> {
    let driver = Loaded::<Wide>::new(Host::quiet(world.clone()))?;
    let began = Instant::now();
    drop(driver);
    Ok(began.elapsed())
}

/// How long it takes as in Microsoft's sample: deregister one, wait for it, go on with the next.
fn one_after_the_other(world: &World) -> nmr::Result<Duration> {
    let registrations = Registrations::new(world);
    let registered = registrations.register();
    let began = Instant::now();
    for client in registered {
        client.deregister().wait();
    }
    Ok(began.elapsed())
}

/// The same over calls into a peer that take so long.
fn against_calls() -> nmr::Result<f64> {
    let world = world();
    let _provider = provider(&world, crate::raw_module::AtOnce);
    let driver = Loaded::<Wide>::new(Host::quiet(world))?;
    let clock = Clock::default();
    let guards = driver.driver().guards();
    let entered = std::sync::Barrier::new(guards.len() + 1);
    std::thread::scope(|scope| {
        for (number, enter) in guards.into_iter().enumerate() {
            let (entered, clock) = (&entered, &clock);
            scope.spawn(move || {
                let guard = enter();
                assert!(guard.is_some(), "the provider is attached to registration {number}");
                entered.wait();
                let began = Instant::now();
                std::thread::sleep(drain(number));
                clock.drained(began);
                drop(guard);
            });
        }
        entered.wait();
        let began = Instant::now();
        drop(driver);
        Ok(began.elapsed().as_secs_f64() / clock.longest().as_secs_f64())
    })
}

#[cfg(test)]
mod tests {
    use super::{Pending, against_peers, by_framework, one_after_the_other};

    #[test]
    fn the_same_drains_overlap_or_add_up() {
        let overlapping = against_peers(Pending::start, by_framework).expect("the driver loads");
        let sequential = against_peers(Pending::start, one_after_the_other).expect("nothing fails");
        assert!(overlapping < sequential, "{overlapping} {sequential}");
    }
}
