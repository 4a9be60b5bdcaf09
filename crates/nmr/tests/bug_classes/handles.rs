//! Handles of three kinds in variables of one type.

use crate::drivers::{Consumer, Subject, Supplier, assert_gone, load};
use crate::events::{completions, rules};
use crate::seeds::{Seed, each_seed};
use crate::toy::{Script, Toy};
use nmr::Status;
use nmr::abi::BindingHandle;
use nmr_sim::{Rule, Side, World};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// The client completes its detach with the handle of its registration. NMR's answer is nothing, and the wait for the
/// provider never ends.
#[test]
fn registration_handle_completed_in_c() {
    let world = World::with_wait_limit(Duration::from_millis(100));
    let script = Script::default().detach(|context| {
        context.toy.complete(BindingHandle::from_raw(context.toy.handle().as_raw()));
        Status::PENDING
    });
    let client = Toy::registered(&world, Side::Client, script);
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    assert_eq!(provider.deregister(), Status::PENDING);
    assert_eq!(rules(&world), [Rule::WrongKindOfHandle]);
    let panic = catch_unwind(AssertUnwindSafe(|| provider.wait())).expect_err("the wait does not return");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(
        text.contains("client 1") && text.contains("answered STATUS_PENDING and has not completed"),
        "{text}"
    );
    // Completed as it should have been, everything ends.
    client.contexts()[0].complete();
}

/// Three bindings of one registration, each with a call in flight: each completion names its own binding.
fn each_binding_is_completed_by_itself<S: Subject>(seed: &Seed) {
    let world = seed.world();
    let subject = load::<S>(&world);
    let driver = subject.driver();
    let peers =
        [1, 2, 3].map(|number| Toy::registered(&world, S::SIDE.peer(), Script::default().number(number)));
    for (done, peer) in peers.iter().enumerate() {
        let guard = driver.hold().expect("the oldest is next");
        assert_eq!(peer.deregister(), Status::PENDING);
        assert_eq!(completions(&world, S::SIDE), done);
        drop(guard);
        assert_eq!(completions(&world, S::SIDE), done + 1);
        assert_eq!(peer.wait(), Status::SUCCESS);
        assert_eq!((driver.bindings(), driver.call_all()), (2 - done, 2 - done));
    }
    drop(subject);
    assert_gone(&world, driver);
}

#[test]
fn registration_handle_completed_here() {
    each_seed(16, |seed| {
        each_binding_is_completed_by_itself::<Consumer>(seed);
        each_binding_is_completed_by_itself::<Supplier>(seed);
    });
}
