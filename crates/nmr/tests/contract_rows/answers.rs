//! Rows 17, 18 and 21: what attach callbacks answer, and versions.

#![expect(unsafe_code, reason = "reads what a peer is shown")]

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, count, load};
use crate::events::{acceptances, refusals, rules};
use crate::seeds::{Seed, each_seed};
use crate::toy::{Call, Script, Toy};
use core::ffi::c_void;
use core::ptr::{null, null_mut, without_provenance_mut};
use nmr::{Error, Refusal, Status};
use nmr_sim::{Rule, Side};
use std::sync::atomic::AtomicPtr;

/// A dispatch table as words: the header, then functions.
type Words = [AtomicPtr<c_void>; 2];

static TOO_OLD: Words = [word(2 | 16 << 16), word(1)];
static TOO_NEW: Words = [word(4 | 16 << 16), word(1)];
static TOO_SHORT: Words = [word(3 | 8 << 16), word(1)];
static WITHOUT_FUNCTION: Words = [word(3 | 16 << 16), AtomicPtr::new(null_mut())];

const fn word(value: usize) -> AtomicPtr<c_void> {
    AtomicPtr::new(without_provenance_mut(value))
}

/// Tables that the contract of Adder does not allow.
const BAD: [Option<&Words>; 5] =
    [None, Some(&TOO_OLD), Some(&TOO_NEW), Some(&TOO_SHORT), Some(&WITHOUT_FUNCTION)];

fn with_table(table: Option<&'static Words>) -> Script {
    Script::default()
        .attach(move |offer| offer.accept_with(table.map_or(null(), |table| (&raw const *table).cast())))
}

/// NmrClientAttachProvider has succeeded, and then the table turns out to be of no use: the answer stays SUCCESS, and the
/// binding is never open.
fn nothing_makes_a_success_a_failure(seed: &Seed) {
    for table in BAD {
        let world = seed.world();
        let consumer = load::<Consumer>(&world);
        let driver = consumer.driver();
        let peer = Toy::registered(&world, Side::Provider, with_table(table));
        assert_eq!((acceptances(&world), refusals(&world)), (vec![Status::SUCCESS], vec![]));
        assert_eq!((driver.bindings(), driver.call_all()), (1, 0));
        if seed.coin() {
            peer.take_down();
            drop(consumer);
        } else {
            drop(consumer);
            peer.take_down();
        }
        assert_eq!((peer.count(Call::Detach), peer.count(Call::Cleanup)), (1, 1));
        assert_gone(&world, driver);
    }
}

/// The client fails after the provider has accepted. What NMR does nobody knows; if it detaches the provider, as here,
/// the provider lets go of everything.
fn a_client_fails_after_it_has_attached(seed: &Seed) {
    let world = seed.world();
    let supplier = load::<Supplier>(&world);
    let driver = supplier.driver();
    let script = Script::default().attach(|offer| {
        assert_eq!(offer.accept(), Status::SUCCESS);
        Status::UNSUCCESSFUL
    });
    let client = Toy::registered(&world, Side::Client, script);
    assert_eq!(driver.bindings(), 0);
    client.take_down();
    drop(supplier);
    driver.state.assert_even();
    assert_eq!(rules(&world), [Rule::FailedAfterAttach], "the client's");
    world.assert_unloaded();
}

#[test]
fn row_17_failure_after_nmr_client_attach_provider_succeeded() {
    each_seed(8, |seed| {
        nothing_makes_a_success_a_failure(seed);
        a_client_fails_after_it_has_attached(seed);
    });
}

/// A driver that refuses with whatever status is answered for with one of error severity.
fn a_refusal_is_no_success<S: Subject>(seed: &Seed) {
    let statuses = [Status::SUCCESS, Status::PENDING, Status(0x4000_0000), Status(0x8000_0005_u32 as i32)];
    for status in statuses {
        let world = seed.world();
        let subject = load::<S>(&world);
        let driver = subject.driver();
        driver.probe().on_attach(move |_| Err(Refusal::with(Error::from_status(status), "told to")));
        let peer = Toy::registered(&world, S::SIDE.peer(), Script::default());
        assert_eq!(refusals(&world), [Status::UNSUCCESSFUL]);
        assert_eq!((driver.bindings(), acceptances(&world)), (0, vec![]));
        peer.take_down();
        drop(subject);
        assert_gone(&world, driver);
    }
}

/// A client says that it has attached, and never asked the provider.
fn a_client_never_asks(seed: &Seed) {
    let world = seed.world();
    let supplier = load::<Supplier>(&world);
    let driver = supplier.driver();
    let client = Toy::registered(&world, Side::Client, Script::default().attach(|_| Status::SUCCESS));
    assert_eq!((driver.bindings(), count(&driver.state.attached)), (0, 0));
    client.take_down();
    drop(supplier);
    driver.state.assert_even();
    assert_eq!(rules(&world), [Rule::SuccessWithoutAttach], "the client's");
}

/// PENDING is a success code: what a provider answers is what the client answers, and any success keeps the binding.
fn any_success_is_passed_on(seed: &Seed) {
    for answer in [Status::PENDING, Status(0x4000_0000)] {
        let world = seed.world();
        let consumer = load::<Consumer>(&world);
        let driver = consumer.driver();
        let script = Script::default().attach(move |offer| {
            assert_eq!(offer.accept(), Status::SUCCESS);
            answer
        });
        let provider = Toy::registered(&world, Side::Provider, script);
        assert_eq!(acceptances(&world), [answer]);
        assert_eq!((driver.bindings(), driver.call_all()), (1, 1));
        drop(consumer);
        provider.take_down();
        driver.state.assert_even();
        world.assert_unloaded();
        assert_eq!(rules(&world), [Rule::AttachAnswer], "the provider's");
    }
}

#[test]
fn row_18_success_without_nmr_client_attach_provider() {
    each_seed(8, |seed| {
        a_refusal_is_no_success::<Consumer>(seed);
        a_refusal_is_no_success::<Supplier>(seed);
        a_client_never_asks(seed);
        any_success_is_passed_on(seed);
    });
}

/// NMR offers no versions. Ours is in the table's header: another one is refused where that is still possible.
fn a_table_of_another_version(seed: &Seed) {
    for table in BAD {
        let world = seed.world();
        let supplier = load::<Supplier>(&world);
        let driver = supplier.driver();
        let client = Toy::registered(&world, Side::Client, with_table(table));
        assert_eq!((refusals(&world), driver.bindings()), (vec![Status::NOINTERFACE], 0));
        assert_eq!(count(&driver.state.dropped), 1, "the value that the decision made");
        client.take_down();
        drop(supplier);
        assert_gone(&world, driver);
    }
}

/// What peers are shown of the driver: version 0 and the structure's own size. The simulator checks the other lengths.
fn the_structures_are_version_0<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let script = Script::default().attach(|offer| {
        // SAFETY: valid during the callback.
        let instance = unsafe { &*offer.instance };
        assert_eq!((instance.version, instance.size, instance.number), (0, 40, 0));
        offer.accept()
    });
    let peer = Toy::registered(&world, S::SIDE.peer(), script);
    let subject = load::<S>(&world);
    let driver = subject.driver();
    assert_eq!(driver.call_all(), 1);
    drop(subject);
    peer.take_down();
    assert_gone(&world, driver);
}

#[test]
fn row_21_versions() {
    each_seed(8, |seed| {
        nothing_makes_a_success_a_failure(seed);
        a_table_of_another_version(seed);
        the_structures_are_version_0::<Consumer>(seed);
        the_structures_are_version_0::<Supplier>(seed);
    });
}
