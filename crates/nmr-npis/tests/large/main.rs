//! A large contract in two releases, each side against each other, on nmr-sim.

#![allow(unreachable_pub, reason = "modules of a test are written as those of a library")]

mod contracts;
mod drivers;

use contracts::{new, old};
use drivers::{NewBoard, NewCaller, OldBoard, OldCaller, call_every_newer_one, call_every_one};
use nmr::host::{Host, Loaded};
use nmr::{Driver, Error, MayWait, Status};
use nmr_sim::World;

fn load<D: Driver<System = Host<World>>>(world: &World) -> Loaded<D> {
    Loaded::new(Host::new(world.clone())).expect("nothing fails")
}

/// This thread is at PASSIVE_LEVEL.
#[expect(unsafe_code, reason = "a test's thread is at PASSIVE_LEVEL")]
fn may_wait() -> MayWait<'static> {
    // SAFETY: nothing here is a callback, and nothing has raised the level.
    unsafe { MayWait::assume() }
}

/// Attaches the two, runs the check with the calls of either side, and what must be the same in all releases.
macro_rules! with {
    ($provider:ident of $served:ident, $client:ident of $called:ident, |$board:ident, $caller:ident, $at:ident, $system:ident| $check:expr) => {{
        use $called::Provider as _;
        #[allow(unused_imports, reason = "an old caller has nothing that is told")]
        use $served::Client as _;
        let world = World::new();
        let provider = load::<$provider>(&world);
        let client = load::<$client>(&world);
        let $board = client.driver().board.oldest_peer().expect("attached");
        let $caller = provider.driver().board.oldest_peer().expect("attached");
        let mut $at = may_wait();

        assert_eq!($board.write($at.at_passive(), 1, &[1, 2, 3]), Ok(3));
        let mut read = [0; 5];
        assert_eq!($board.read($at.at_passive(), 9, &mut read), Ok(5));
        assert_eq!(read, [9; 5]);
        assert_eq!($board.read($at.at_passive(), 256, &mut read), Err(Error::INVALID_PARAMETER));
        let mut watch = $called::Watch::of(4);
        assert_eq!($board.rewatch(&mut watch, 6), Ok(()));
        assert_eq!((watch.port, watch.place), (6, [6, 4, 0]));
        assert_eq!($board.places(&[1, 2, 3]), Ok([1, 2, 3]));
        assert_eq!($board.places(&[1]), Err(Error::INVALID_PARAMETER));
        assert_eq!($board.compact(1), Err(Error::NOT_SUPPORTED), "optional, and not there");
        let $system = Driver::system(provider.driver());
        assert_eq!($at.at_dispatch($system, |at| $board.ring(at, 8)), Ok(()));
        assert_eq!(client.driver().state.all(), [(8, 2), (8, 2)], "called back at DISPATCH_LEVEL");
        $check;

        drop(($board, $caller));
        drop(client);
        drop(provider);
        world.assert_clean();
        world.assert_unloaded();
    }};
}

#[test]
fn old_against_old() {
    with!(OldBoard of old, OldCaller of old, |board, _caller, at, _system| call_every_one(&*board));
}

#[test]
fn new_against_new() {
    with!(NewBoard of new, NewCaller of new, |board, caller, at, system| {
        call_every_newer_one(&*board);
        let mut routes = [0; 2];
        assert_eq!((board.trace(3, &mut routes), routes), (Ok(2), [3, 3]));
        assert_eq!(board.outcome(1), Ok(Status::NOT_SUPPORTED), "a status as an answer is no failure");
        assert_eq!(board.redraw(1), Err(Error::NOT_SUPPORTED), "optional, and not there");
        let traced = at.at_dispatch(system, |at| caller.traced(at, &[1, 2]));
        assert_eq!(traced, Ok(()));
    });
}

#[test]
fn a_new_client_of_an_old_provider() {
    with!(OldBoard of old, NewCaller of new, |board, _caller, at, _system| {
        call_every_newer_one(&*board);
        assert_eq!(board.trace(3, &mut [0; 2]), Err(Error::NOT_SUPPORTED));
        assert_eq!(board.outcome(1), Err(Error::NOT_SUPPORTED));
        assert_eq!(board.redraw(1), Err(Error::NOT_SUPPORTED));
    });
}

#[test]
fn a_new_provider_of_an_old_client() {
    with!(NewBoard of new, OldCaller of old, |board, caller, at, system| {
        call_every_one(&*board);
        let traced = at.at_dispatch(system, |at| caller.traced(at, &[1, 2]));
        assert_eq!(traced, Err(Error::NOT_SUPPORTED));
    });
}
