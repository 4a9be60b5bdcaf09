//! Every rule, broken alone.

use crate::bare::{Bare, free, place, put};
use crate::peer::{Peer, Script, client_attach, complete};
use nmr_abi::{BindingHandle, Guid, ModuleId, ModuleIdType, NpiId, Status};
use nmr_sim::{Irql, Raised, Rule, Side, Sizes, What, World, WorldBuilder};
use std::ptr::{null, null_mut, without_provenance_mut};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

/// Breaks one rule in a world of its own.
type Provocation = fn(&World);

/// Changes what is registered, which is called that.
type Change = (&'static str, fn(&Bare));

const PROVOCATIONS: &[(Rule, Provocation)] = &[
    (Rule::CompletedTwice, |world| {
        let (client, provider) = pair(world, pending(), pending());
        client.deregister();
        for _ in 0..2 {
            complete(world, Side::Client, client.bound()[0]);
        }
        complete(world, Side::Provider, provider.bound()[0]);
        client.wait();
        provider.take_down();
    }),
    (Rule::CompletedAfterSuccess, |world| {
        let (client, provider) = pair(world, Script::default(), pending());
        client.deregister();
        complete(world, Side::Client, client.bound()[0]);
        complete(world, Side::Provider, provider.bound()[0]);
        client.wait();
        provider.take_down();
    }),
    (Rule::CompletedBeforeDetach, |world| {
        let (client, provider) = pair(world, Script::default(), pending());
        complete(world, Side::Provider, provider.bound()[0]);
        client.take_down();
        provider.take_down();
    }),
    (Rule::CompletedUnattached, |world| {
        let refuse = Script::default().attach(|offer| {
            complete(&offer.peer.world, Side::Client, offer.handle);
            Status::NOINTERFACE
        });
        let (client, provider) = pair(world, refuse, Script::default());
        client.take_down();
        provider.take_down();
    }),
    (Rule::WrongSide, |world| {
        let (client, provider) = pair(world, pending(), Script::default());
        client.deregister();
        complete(world, Side::Provider, client.bound()[0]);
        complete(world, Side::Client, client.bound()[0]);
        client.wait();
        provider.take_down();
    }),
    (Rule::DetachAnswer, |world| {
        let odd = Script::default().detach(|_| Status::INVALID_PARAMETER);
        let (client, provider) = pair(world, odd, Script::default());
        client.take_down();
        provider.take_down();
    }),
    (Rule::AttachAnswerChanged, |world| {
        let changes = Script::default().attach(|offer| {
            assert_eq!(offer.accept(), Status::NOINTERFACE);
            Status::UNSUCCESSFUL
        });
        let (client, provider) = pair(world, changes, Script::default().attach(|_| Status::NOINTERFACE));
        client.take_down();
        provider.take_down();
    }),
    (Rule::FailedAfterAttach, |world| {
        let fails = Script::default().attach(|offer| {
            client_attach(&offer.peer.world, offer.handle, null_mut());
            Status::UNSUCCESSFUL
        });
        let (client, provider) = pair(world, fails, Script::default());
        client.take_down();
        provider.take_down();
    }),
    (Rule::SuccessWithoutAttach, |world| {
        let lies = Script::default().attach(|_| Status::SUCCESS);
        let (client, provider) = pair(world, lies, Script::default());
        client.take_down();
        provider.take_down();
    }),
    (Rule::AttachOutsideCallback, |world| {
        let (client, provider) = pair(world, Script::default(), Script::default());
        client_attach(world, client.bound()[0], null_mut());
        client.take_down();
        provider.take_down();
    }),
    (Rule::AttachedTwice, |world| {
        let twice = Script::default().attach(|offer| {
            let status = offer.accept();
            client_attach(&offer.peer.world, offer.handle, null_mut());
            status
        });
        let (client, provider) = pair(world, twice, Script::default());
        client.take_down();
        provider.take_down();
    }),
    (Rule::DeregisteredTwice, |world| {
        let client = Peer::client(world, Script::default()).register();
        client.deregister();
        client.deregister();
        client.wait();
    }),
    (Rule::WaitBeforeDeregister, |world| {
        let client = Peer::client(world, Script::default()).register();
        client.wait();
        client.take_down();
    }),
    (Rule::WaitedTwice, |world| {
        let (client, provider) = pair(world, pending(), Script::default());
        client.deregister();
        thread::scope(|scope| {
            scope.spawn(|| client.wait());
            while !world.events().iter().any(|event| matches!(event.what, What::Waiting { .. })) {
                thread::yield_now();
            }
            client.wait();
            complete(world, Side::Client, client.bound()[0]);
        });
        provider.take_down();
    }),
    (Rule::WaitInsideCallback, |world| {
        let waits = Script::default().cleanup(|bound| {
            bound.peer().wait();
        });
        let (client, provider) = pair(world, waits, Script::default());
        client.take_down();
        provider.take_down();
    }),
    (Rule::WaitInDetach, |world| {
        let other = Peer::new(world, Side::Client, 2, 3, Script::default()).register();
        let waits = Script::default().detach(move |_| {
            other.take_down();
            Status::SUCCESS
        });
        let (client, provider) = pair(world, waits, Script::default());
        client.take_down();
        provider.take_down();
    }),
    (Rule::IrqlTooHigh, |world| {
        let client = Peer::client(world, Script::default());
        let raised = Raised::to(Irql::Apc);
        client.register();
        drop(raised);
        client.take_down();
    }),
    (Rule::IrqlNotRestored, |world| {
        let raises = Script::default().detach(|_| {
            std::mem::forget(Raised::to_dispatch());
            Status::SUCCESS
        });
        let (client, provider) = pair(world, raises, Script::default());
        // On a thread that ends with its level.
        thread::scope(|scope| scope.spawn(|| client.deregister()).join().expect("no panic"));
        client.wait();
        provider.take_down();
    }),
    (Rule::UnknownHandle, |world| {
        complete(world, Side::Client, BindingHandle::from_raw(without_provenance_mut(0xdead_beef)));
    }),
    (Rule::StaleHandle, |world| {
        let client = Peer::client(world, Script::default()).register();
        client.take_down();
        client.wait();
    }),
    (Rule::WrongKindOfHandle, |world| {
        let client = Peer::client(world, Script::default()).register();
        complete(world, Side::Client, BindingHandle::from_raw(client.raw_handle()));
        client.take_down();
    }),
    (Rule::NullPointer, crate::bare::register_nothing),
    (Rule::LengthField, |world| bare(world, |module| module.change(|structure| structure.length = 8))),
    (Rule::VersionField, |world| {
        bare(world, |module| module.change(|structure| structure.registration_instance.version = 1));
    }),
    (Rule::ModuleIdField, |world| {
        bare(world, |module| module.change(|structure| structure.registration_instance.module_id = null()));
        let unknown = ModuleId { id_type: ModuleIdType(9), ..ModuleId::from_guid(Guid::default()) };
        bare(world, |module| put(module.module_id, unknown));
        let short = ModuleId { length: 20, ..ModuleId::from_guid(Guid::default()) };
        bare(world, |module| put(module.module_id, short));
    }),
    (Rule::StructureShared, |world| {
        let client = Bare::new(world, Side::Client);
        assert_eq!(client.register(), Status::SUCCESS);
        assert_eq!(client.deregister(), Status::PENDING);
        let again = client.twin();
        assert_eq!(again.register(), Status::SUCCESS);
        assert_eq!(client.wait(), Status::SUCCESS);
        again.take_down();
        assert_eq!(client.register(), Status::SUCCESS, "after the wait it is nobody else's");
        client.take_down();
        client.free();
    }),
    (Rule::LeftBehind, |world| {
        let client = Peer::client(world, Script::default()).register();
        assert_eq!(world.module_unloaded(&ModuleId::from_guid(Guid::from_u128(0xc))), 1);
        client.take_down();
    }),
    (Rule::CharacteristicsChanged, |world| {
        let client = Bare::new(world, Side::Client);
        client.register();
        client.change(|structure| structure.registration_instance.number = 7);
        client.take_down();
        client.free();
    }),
    (Rule::DispatchChanged, |world| {
        let (client, provider) = (Bare::new(world, Side::Client), Bare::new(world, Side::Provider));
        let table = place(world, [1_u64; 4]);
        provider.dispatch.store(table.cast(), Relaxed);
        client.register();
        provider.register();
        put(table, [2; 4]);
        provider.take_down();
        client.take_down();
        provider.free();
        client.free();
        free(world, table);
    }),
    (Rule::FreedEarly, |world| {
        let (client, provider) = (Bare::new(world, Side::Client), Bare::new(world, Side::Provider));
        let context = place(world, [0_usize; 4]);
        provider.context.store(context.cast(), Relaxed);
        // What its cleanup callback would be given is poison.
        provider.change(|structure| structure.cleanup_binding_context = None);
        client.register();
        provider.register();
        free(world, context);
        provider.take_down();
        client.take_down();
        provider.free();
        client.free();
    }),
    (Rule::UsedAfterFree, |world| {
        let context = place(world, [0_usize; 4]);
        free(world, context);
        put(context, [5; 4]);
    }),
    (Rule::BadFree, |world| {
        let context = place(world, [0_usize; 4]);
        free(world, context);
        free(world, context);
    }),
    (Rule::AttachAnswer, |world| {
        let client = Bare::new(world, Side::Client);
        let provider = Bare::new(world, Side::Provider).answering(Status::PENDING);
        client.register();
        provider.register();
        client.take_down();
        provider.take_down();
        client.free();
        provider.free();
    }),
];

fn pair(world: &World, client: Script, provider: Script) -> (Arc<Peer>, Arc<Peer>) {
    let client = Peer::client(world, client).register();
    (client, Peer::provider(world, provider).register())
}

fn pending() -> Script {
    Script::default().detach(|_| Status::PENDING)
}

/// A client that is changed before it registers.
fn bare(world: &World, change: impl FnOnce(&Bare)) {
    let client = Bare::new(world, Side::Client);
    change(&client);
    assert_eq!(client.register(), Status::SUCCESS);
    client.take_down();
    client.free();
}

fn settings() -> WorldBuilder {
    let sizes = Sizes { client_characteristics: 16, provider_dispatch: 32, ..Sizes::default() };
    World::builder().sizes(NpiId::from_u128(1), sizes).wait_limit(Duration::from_secs(30))
}

#[test]
fn every_rule_is_broken_alone_and_named() {
    for (rule, provoke) in PROVOCATIONS {
        let world = settings().build();
        provoke(&world);
        let broken: Vec<_> = world.violations().into_iter().map(|violation| violation.rule).collect();
        assert!(!broken.is_empty() && broken.iter().all(|broken| broken == rule), "{rule}: {broken:?}");
        world.assert_unloaded();
    }
}

#[test]
fn no_rule_is_left_out() {
    for rule in Rule::ALL {
        let times = PROVOCATIONS.iter().filter(|(provoked, _)| provoked == rule).count();
        assert_eq!(times, 1, "{rule}");
    }
}

#[test]
fn everything_that_was_registered_must_stay_as_it_was() {
    let table = |module: &Bare| {
        let table = place(&module.world, [1_u64; 2]);
        module
            .change(|structure| structure.registration_instance.npi_specific_characteristics = table.cast());
        table
    };
    let changes: [Change; 5] = [
        ("the characteristics", |module| module.change(|structure| structure.version = 1)),
        ("the registration instance", |module| {
            module.change(|structure| structure.registration_instance.npi_specific_characteristics = null());
        }),
        ("the NPI identifier", |module| put(module.npi, NpiId::from_u128(2))),
        ("the module identifier", |module| put(module.module_id, ModuleId::from_guid(Guid::default()))),
        ("the NPI-specific characteristics", |module| {
            let mut table = null_mut::<[u64; 2]>();
            module.change(|s| table = s.registration_instance.npi_specific_characteristics.cast_mut().cast());
            put(table, [1, 2]);
        }),
    ];
    for (what, change) in changes {
        for late in [false, true] {
            let world = settings().build();
            let client = Bare::new(&world, Side::Client);
            let table = table(&client);
            assert_eq!(client.register(), Status::SUCCESS);
            if late {
                assert_eq!(client.deregister(), Status::PENDING);
                change(&client);
                assert_eq!(client.wait(), Status::SUCCESS);
            } else {
                change(&client);
                client.take_down();
            }
            let violations = world.violations();
            assert_eq!(violations.len(), 1, "told once: {violations:?}");
            assert_eq!(violations[0].rule, Rule::CharacteristicsChanged);
            let when = if late { "when its wait returns" } else { "when it is deregistered" };
            assert!(violations[0].by.starts_with(what) && violations[0].by.ends_with(when), "{violations:?}");
            free(&world, table);
            client.free();
        }
    }
}

#[test]
fn memory_may_be_freed_when_its_time_has_come() {
    let world = settings().build();
    let (client, provider) = (Bare::new(&world, Side::Client), Bare::new(&world, Side::Provider));
    let contexts = [&client, &provider].map(|module| {
        let context = place(&world, std::ptr::from_ref::<Bare>(module));
        module.context.store(context.cast(), Relaxed);
        context
    });
    client.register();
    provider.register();
    assert_eq!(world.left().memory, 8, "three pieces and a context each");
    client.take_down();
    assert_eq!([client.cleanups.load(Relaxed), provider.cleanups.load(Relaxed)], [1, 1]);
    for context in contexts {
        free(&world, context);
    }
    client.free();
    provider.take_down();
    provider.free();
    assert_eq!(world.left().memory, 0);
    world.assert_clean();
}

#[test]
fn the_memory_that_is_in_use_is_called_by_its_name() {
    let world = settings().build();
    let (client, provider) = (Bare::new(&world, Side::Client), Bare::new(&world, Side::Provider));
    let (context, table) = (place(&world, [0_usize; 2]), place(&world, [0_usize; 4]));
    client.context.store(context.cast(), Relaxed);
    provider.dispatch.store(table.cast(), Relaxed);
    client.change(|structure| structure.cleanup_binding_context = None);
    client.register();
    provider.register();
    free(&world, context);
    free(&world, table);
    free(&world, client.module_id);
    let violations = world.violations();
    let by: Vec<_> = violations.iter().map(|violation| violation.by.split("which is ").last()).collect();
    let module = "(module 00000000-0000-0000-0000-00000000000b, NPI 00000000-0000-0000-0000-000000000001)";
    let registered = format!("what client 1 {module} registered");
    let expected =
        ["the client's context of binding 1", "the provider's dispatch table of binding 1", &registered];
    assert_eq!(by, expected.map(Some));
    client.take_down();
    provider.take_down();
}

// Lives that end in a panic leave contexts behind, which Miri would call leaks.
#[cfg(not(miri))]
#[test]
fn errors_panic_where_that_was_asked_for_and_warnings_do_not() {
    for (rule, provoke) in PROVOCATIONS {
        // These are broken inside callbacks of C, which do not unwind.
        if matches!(rule, Rule::CompletedUnattached | Rule::AttachedTwice | Rule::WaitInsideCallback) {
            continue;
        }
        let world = settings()
            .on_violation(nmr_sim::OnViolation::Panic)
            .wait_limit(Duration::from_millis(50))
            .build();
        // On a thread of its own: one of them ends at DISPATCH_LEVEL.
        let outcome = thread::scope(|scope| scope.spawn(|| provoke(&world)).join());
        if *rule == Rule::UsedAfterFree {
            // Found when somebody looks.
            let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.violations()));
            assert!(looked.is_err());
            continue;
        }
        assert_eq!(outcome.is_err(), rule.severity() == nmr_sim::Severity::Error, "{rule}");
    }
}
