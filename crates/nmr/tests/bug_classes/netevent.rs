//! A2: one driver, most races. A provider whose timer calls its clients: the timer's DPC tests the dispatch pointer, enters
//! the rundown and reads the pointer again; detach cancels the timer and answers SUCCESS; unload runs down first and
//! deregisters then, with no DPC flushed; and one static binding serves every client.

use crate::drivers::{Probed, Subject, Supplier, adder::Client as _, assert_gone, count, load};
use crate::events::{completions, detach_answers};
use crate::seeds::{Gate, Seed, each_seed};
use crate::toy::{Call, Context, Fault, Script, Toy};
use nmr::Status;
use nmr_sim::{Raised, Side, World};
use std::sync::atomic::Ordering;
use std::thread;

/// The timer's DPC, as it was: stops at `gate` between its test of the pointer and its call.
fn dpc(context: &'static Context, gate: &Gate) -> Option<u32> {
    if context.word.load(Ordering::SeqCst) == CANCELLED {
        return None;
    }
    gate.pass();
    context.call_peer(1)
}

const CANCELLED: usize = 1;

/// Detach cancels the timer, which does not stop a DPC that has begun, and answers SUCCESS.
fn cancel_and_succeed(context: &'static Context) -> Status {
    context.word.store(CANCELLED, Ordering::SeqCst);
    Status::SUCCESS
}

/// The client goes while the DPC is between its test and its call: the call meets a client that is gone.
#[test]
fn detach_succeeds_though_a_dpc_is_in_a_call_in_c() {
    let world = World::new();
    let provider = Toy::registered(&world, Side::Provider, Script::default().detach(cancel_and_succeed));
    let client = Toy::registered(&world, Side::Client, Script::default());
    let gate = Gate::default();
    let context = provider.contexts()[0];
    thread::scope(|scope| {
        let running = scope.spawn(|| dpc(context, &gate));
        gate.reached();
        client.take_down();
        gate.open();
        running.join().expect("no panic");
    });
    assert_eq!(client.faults(), [Fault::UseAfterFree]);
    provider.take_down();
}

/// Detach clears the pointer, which the DPC has tested: there is nothing to call.
#[test]
fn pointer_tested_and_read_again_in_c() {
    let world = World::new();
    let script = Script::default().detach(|context| {
        context.clear_peer();
        Status::SUCCESS
    });
    let provider = Toy::registered(&world, Side::Provider, script);
    let client = Toy::registered(&world, Side::Client, Script::default());
    let (gate, open) = (Gate::default(), Gate::default());
    open.open();
    let context = provider.contexts()[0];
    assert_eq!(dpc(context, &open), Some(1), "nobody leaves meanwhile");
    let called = thread::scope(|scope| {
        let running = scope.spawn(|| dpc(context, &gate));
        gate.reached();
        client.take_down();
        gate.open();
        running.join().expect("no panic")
    });
    assert_eq!(called, None, "tested, and NULL when it is used");
    provider.take_down();
}

/// Unload cancels the timer and then deregisters: a client that comes in between sets it going again, and the DPC outlives
/// the driver.
#[test]
fn an_attach_after_the_rundown_rearms_the_timer_in_c() {
    let world = World::new();
    let provider = Toy::registered(&world, Side::Provider, Script::default().detach(|_| Status::SUCCESS));
    let client = Toy::new(&world, Side::Client, Script::default());
    // Unload: run down what there is, which is nothing.
    provider.contexts().iter().for_each(|context| context.word.store(CANCELLED, Ordering::SeqCst));
    assert_eq!(client.register(), Status::SUCCESS);
    provider.take_down();
    let context = provider.contexts()[0];
    assert!(
        context.is_freed() && context.word.load(Ordering::SeqCst) != CANCELLED,
        "nobody cancels it any more"
    );
    let gate = Gate::default();
    gate.open();
    dpc(context, &gate);
    assert_eq!(client.faults(), [Fault::UseAfterFree]);
    client.take_down();
}

/// One static binding serves all: what was said to the first client goes to the second.
#[test]
fn one_binding_for_every_client_in_c() {
    let world = World::new();
    let provider = Toy::registered(&world, Side::Provider, Script::default());
    let clients =
        [1, 2].map(|number| Toy::registered(&world, Side::Client, Script::default().number(number)));
    let the_one = provider.contexts()[1];
    for _ in &clients {
        the_one.call_peer(1);
    }
    assert_eq!(clients.map(|client| client.count(Call::Served)), [0, 2]);
    clients.into_iter().for_each(Toy::take_down);
    provider.take_down();
}

/// The same driver: a DPC is in a call to one of its clients when that one goes. The call ends first, and the others have
/// calls of their own.
fn a_dpc_in_a_call_holds_the_detach(seed: &Seed) {
    let world = seed.world();
    let supplier = load::<Supplier>(&world);
    let driver = supplier.driver();
    let gate = Gate::default();
    let stop = gate.clone();
    let slow = Script::default().number(1).serve(move |context, _| {
        stop.pass();
        context.touch();
        Status::SUCCESS
    });
    let clients = [
        Toy::registered(&world, Side::Client, slow),
        Toy::registered(&world, Side::Client, Script::default().number(2)),
    ];
    thread::scope(|scope| {
        let dpc = scope.spawn(|| {
            let raised = Raised::to_dispatch();
            let told = driver.adder.peers().map(|guard| guard.told(1)).collect::<Vec<_>>();
            drop(raised);
            told
        });
        gate.reached();
        assert_eq!(clients[0].deregister(), Status::PENDING);
        assert_eq!(
            (detach_answers(&world, Side::Provider), clients[0].count(Call::Cleanup)),
            (vec![Status::PENDING], 0)
        );
        gate.open();
        assert_eq!(dpc.join().expect("no panic"), [2, 3]);
        assert_eq!(clients[0].wait(), Status::SUCCESS);
    });
    assert_eq!(completions(&world, Side::Provider), 1);
    clients[1].take_down();
    assert!(clients.iter().all(|client| client.faults().is_empty()));
    drop(supplier);
    assert_gone(&world, driver);
}

/// And one that unloads while clients come, and its DPC runs until the end.
fn clients_come_while_it_unloads(seed: &Seed) {
    let world = seed.world();
    let supplier = load::<Supplier>(&world);
    let driver = supplier.driver();
    let clients = [1, 2].map(|number| Toy::new(&world, Side::Client, Script::default().number(number)));
    let parts = [seed.part(), seed.part()];
    thread::scope(|scope| {
        for (client, part) in clients.iter().zip(&parts) {
            scope.spawn(|| {
                part.dawdle();
                assert_eq!(client.register(), Status::SUCCESS);
            });
        }
        let dpc = scope.spawn(|| {
            for _ in 0..20 {
                let raised = Raised::to_dispatch();
                driver.call_all();
                drop(raised);
                thread::yield_now();
            }
        });
        seed.dawdle();
        drop(supplier);
        assert_eq!(driver.call_all(), 0, "nobody is called when Unload has returned");
        drop(dpc);
    });
    clients.into_iter().for_each(Toy::take_down);
    assert!(clients.iter().all(|client| client.faults().is_empty()));
    assert_eq!(count(&driver.probe().closing), count(&driver.probe().attached));
    assert_gone(&world, driver);
}

#[test]
fn a_timer_that_calls_clients_here() {
    each_seed(16, a_dpc_in_a_call_holds_the_detach);
    each_seed(60, clients_come_while_it_unloads);
}
