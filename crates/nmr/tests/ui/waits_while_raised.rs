use nmr::{Driver, OwnThread, System};
use std::time::Duration;

fn body<D: Driver>(driver: &'static D, thread: &mut OwnThread<'_, D>) {
    let mut lower = thread.may_wait().at_passive();
    lower.at_dispatch(driver.system(), |_| thread.sleep(Duration::from_secs(1)));
}

fn attach<S: System>(system: &S, at: &nmr::AtPassive<'_>) {
    let mut lower = at.at_most_dispatch();
    lower.at_dispatch(system, |_| register(at));
}

fn register(_: &nmr::AtPassive<'_>) {}

fn main() {}
