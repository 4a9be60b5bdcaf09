//! What crosses an NPI: buffers, structures, levels, and functions that a side does not have.

#![allow(unreachable_pub, reason = "the declarations are written as a driver writes them")]

mod awkward;
mod drivers;
mod panics;
mod raw_calls;

use awkward::{Client as _, Entry, Provider as _};
use drivers::{Keeper, Visitor};
use nmr::host::{Host, Loaded};
use nmr::{Driver, Error, MayWait, Refusal};
use nmr_sim::World;

/// Calls `check` with a provider and a client of Awkward that are attached to each other.
fn attached(check: impl FnOnce(&'static Keeper, &'static Visitor)) {
    let world = World::new();
    let keeper = Loaded::<Keeper>::new(Host::new(world.clone())).expect("nothing fails");
    let visitor = Loaded::<Visitor>::new(Host::new(world.clone())).expect("nothing fails");
    check(keeper.driver(), visitor.driver());
    drop(visitor);
    drop(keeper);
    world.assert_clean();
    world.assert_unloaded();
}

/// This thread is at PASSIVE_LEVEL.
#[expect(unsafe_code, reason = "a test's thread is at PASSIVE_LEVEL")]
fn may_wait() -> MayWait<'static> {
    // SAFETY: nothing here is a callback, and nothing has raised the level.
    unsafe { MayWait::assume() }
}

#[test]
fn buffers_cross_both_ways() {
    attached(|_, visitor| {
        let at = may_wait();
        let keeper = visitor.awkward.oldest_peer().expect("attached");
        assert_eq!(keeper.write(at.at_passive(), 2, &[1, 2, 3]), Ok(3));
        let mut read = [0; 8];
        assert_eq!(keeper.read(at.at_passive(), 2, &mut read), Ok(3));
        assert_eq!(read, [1, 2, 3, 0, 0, 0, 0, 0]);
        assert_eq!(keeper.write(at.at_passive(), 2, &[]), Ok(0));
        assert_eq!(keeper.read(at.at_passive(), 2, &mut []), Ok(0));
        assert_eq!(keeper.write(at.at_passive(), awkward::PAGES, &[1]), Err(Error::INVALID_PARAMETER));
    });
}

#[test]
fn structures_cross_by_value_and_by_reference() {
    attached(|_, visitor| {
        let keeper = visitor.awkward.oldest_peer().expect("attached");
        let entry = Entry { key: 7, kind: awkward::Kind::LINK, tags: [1, 2, 3] };
        assert_eq!(keeper.put(&entry), Ok(()));
        let mut found = Entry { key: 7, kind: awkward::Kind::FILE, tags: [0; 3] };
        assert_eq!(keeper.look_up(&mut found), Ok(true.into()));
        assert_eq!((found.kind, found.tags), (awkward::Kind::LINK, [1, 2, 3]));
        assert_eq!(keeper.first().map(|first| first.key), Ok(7));
        assert_eq!(keeper.sum(&[entry, entry, entry]), Ok(21));
    });
}

#[test]
fn a_callback_at_dispatch_gets_the_token_of_its_caller() {
    attached(|keeper, visitor| {
        let client = keeper.awkward.oldest_peer().expect("attached");
        let mut at = may_wait();
        at.at_dispatch(Driver::system(keeper), |at| {
            assert_eq!(client.arrived(at, 5), Ok(()));
            client.passed(at.at_most_dispatch(), 6);
        });
        client.passed(at.at_most_dispatch(), 1);
        assert_eq!(visitor.state.levels(), [2, 2, 0], "the level at which each arrived");
    });
}

#[test]
fn what_a_side_does_not_implement_is_not_supported() {
    attached(|keeper, visitor| {
        let at = may_wait();
        let provider = visitor.awkward.oldest_peer().expect("attached");
        assert_eq!(provider.compact(at.at_passive(), 3), Err(Error::NOT_SUPPORTED));
        let client = keeper.awkward.oldest_peer().expect("attached");
        assert_eq!(client.rename(b"a"), Err(Error::NOT_SUPPORTED));
        assert_eq!(Refusal::from(Error::NOT_SUPPORTED).error(), Error::NOT_SUPPORTED);
    });
}
