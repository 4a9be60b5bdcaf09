//! Version 2 of a contract against version 1, both ways: the functions that both know work, the others say that they are
//! not there.

#![allow(unreachable_pub, reason = "the declarations are written as a driver writes them")]

mod contracts;
mod drivers;

use drivers::{NewClient, NewProvider, OldClient, OldProvider, OneWayClient, OneWayOld, OneWayProvider};
use nmr::host::{Host, Loaded};
use nmr::{Driver, Error};
use nmr_sim::World;

fn load<D: Driver<System = Host<World>>>(world: &World) -> Loaded<D> {
    Loaded::new(Host::new(world.clone())).expect("nothing fails")
}

/// How many clients the provider has refused because of their tables.
fn refusals(provider: &impl Driver<System = Host<World>>) -> usize {
    provider.system().log_lines().iter().filter(|line| line.contains("is of version 2, not 1")).count()
}

macro_rules! with {
    ($provider:ident, $client:ident, |$calls:ident, $told:ident, $refused:ident| $check:expr) => {{
        let world = World::new();
        let provider = load::<$provider>(&world);
        let client = load::<$client>(&world);
        let $calls = client.driver().sum.oldest_peer().expect("attached");
        let $told = provider.driver().sum.oldest_peer().expect("attached");
        let $refused = refusals(provider.driver());
        $check;
        drop(($calls, $told));
        drop(client);
        drop(provider);
        world.assert_clean();
        world.assert_unloaded();
    }};
}

#[test]
fn new_against_new() {
    use contracts::new::{Client as _, Provider as _};
    with!(NewProvider, NewClient, |calls, told, refused| {
        assert_eq!((calls.add(1, 2), calls.multiply(3, 4)), (3, Ok(12)));
        assert_eq!((told.told(1), told.told_more(2)), (Ok(()), Ok(12)));
        assert_eq!(refused, 0);
    });
}

#[test]
fn a_new_client_tries_the_older_table_in_the_same_callback() {
    use contracts::new::Provider as _;
    use contracts::old::Client as _;
    with!(OldProvider, NewClient, |calls, told, refused| {
        assert_eq!((calls.add(1, 2), calls.multiply(3, 4)), (3, Err(Error::NOT_SUPPORTED)));
        assert_eq!(told.told(1), Ok(()));
        assert_eq!(refused, 1, "the newest first, then the older one");
    });
}

#[test]
fn a_new_provider_answers_an_old_client_with_the_older_table() {
    use contracts::new::Client as _;
    use contracts::old::Provider as _;
    with!(NewProvider, OldClient, |calls, told, refused| {
        assert_eq!(calls.add(1, 2), 3);
        assert_eq!((told.told(1), told.told_more(2)), (Ok(()), Err(Error::NOT_SUPPORTED)));
        assert_eq!(refused, 0);
    });
}

#[test]
fn a_client_without_functions_says_its_version_too() {
    use contracts::one_way::Provider as _;
    with!(OneWayProvider, OneWayClient, |calls, _told, refused| {
        assert_eq!((calls.add(1, 2), calls.multiply(3, 4)), (3, Ok(12)));
        assert_eq!(refused, 0);
    });
    with!(OneWayProvider, OneWayOld, |calls, _told, refused| {
        use contracts::one_way_old::Provider as _;
        assert_eq!((calls.add(1, 2), refused), (3, 0));
    });
}
