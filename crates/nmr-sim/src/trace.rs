//! What happened in a world, in order.

mod diagram;
mod fields;
mod json;
mod mermaid;
pub(crate) mod on_panic;
mod text;

pub(crate) use diagram::Diagram;
pub(crate) use json::json;

use crate::contract::Violation;
use crate::side::Side;
use crate::sync::lock;
use nmr_abi::{ModuleId, NpiId, Status};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// One thing that happened. Its text is `<sequence> <event> key=value ...`, see [`What`].
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the order of all events of the world, from 1.
    pub sequence: u64,
    /// What happened.
    pub what: What,
}

/// What can happen. Registrations and bindings are named by small numbers, each kind counted from 1.
///
/// As text each is one word and `key=value` pairs, in the order of the fields here; values hold no blanks, except the
/// last one of `violation`.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// `registered`: a module registered; offers follow.
    Registered {
        /// Of the module.
        side: Side,
        /// The new registration.
        registration: u64,
        /// The NPI.
        npi: NpiId,
        /// Who registered, if it said so.
        module: Option<ModuleId>,
        /// Which implementation of the module.
        number: u32,
    },
    /// `register-failed`: `NmrRegister*` failed, by a fault that was asked for or a structure that is wrong.
    RegisterFailed {
        /// Of the module.
        side: Side,
        /// What it was answered.
        status: Status,
    },
    /// `offered`: the client's attach callback is about to be called for a provider.
    Offered {
        /// The new binding.
        binding: u64,
        /// The client's registration.
        client: u64,
        /// The provider's registration.
        provider: u64,
        /// The NPI.
        npi: NpiId,
    },
    /// `attached`: both sides have accepted.
    Attached {
        /// The binding.
        binding: u64,
        /// The client's registration.
        client: u64,
        /// The provider's registration.
        provider: u64,
        /// The NPI.
        npi: NpiId,
        /// What the client's attach callback returned.
        status: Status,
    },
    /// `refused`: one side has declined; the binding is gone.
    Refused {
        /// The binding.
        binding: u64,
        /// The client's registration.
        client: u64,
        /// The provider's registration.
        provider: u64,
        /// The NPI.
        npi: NpiId,
        /// What the client's attach callback returned.
        status: Status,
    },
    /// `deregister`: a registration accepts no more offers; its bindings are about to be detached.
    Deregister {
        /// Of the registration.
        side: Side,
        /// The registration.
        registration: u64,
        /// The NPI.
        npi: NpiId,
        /// How many bindings it has.
        bindings: usize,
    },
    /// `detach-called`: a side's detach callback is about to be called.
    DetachCalled {
        /// Whose.
        side: Side,
        /// The binding.
        binding: u64,
        /// The NPI.
        npi: NpiId,
    },
    /// `detach-returned`: a side's detach callback has returned; STATUS_PENDING promises a completion.
    DetachReturned {
        /// Whose.
        side: Side,
        /// The binding.
        binding: u64,
        /// The NPI.
        npi: NpiId,
        /// What it answered.
        status: Status,
    },
    /// `completed`: a side has called its completion function, and it counts.
    Completed {
        /// Whose.
        side: Side,
        /// The binding.
        binding: u64,
        /// The NPI.
        npi: NpiId,
    },
    /// `cleanup`: a side's cleanup callback is about to be called.
    Cleanup {
        /// Whose.
        side: Side,
        /// The binding.
        binding: u64,
        /// The NPI.
        npi: NpiId,
    },
    /// `ended`: both cleanup callbacks have returned; the binding is gone.
    Ended {
        /// The binding.
        binding: u64,
        /// The NPI.
        npi: NpiId,
    },
    /// `closed`: the deregistration found no binding and answered STATUS_SUCCESS, as the world was told to; the
    /// registration is gone.
    Closed {
        /// Of the registration.
        side: Side,
        /// The registration.
        registration: u64,
        /// The NPI.
        npi: NpiId,
    },
    /// `waiting`: a module waits for the end of its deregistration.
    Waiting {
        /// Of the registration.
        side: Side,
        /// The registration.
        registration: u64,
        /// The NPI.
        npi: NpiId,
        /// How many bindings of it are still there.
        bindings: usize,
    },
    /// `waited`: that wait is over, the registration is gone.
    Waited {
        /// Of the registration.
        side: Side,
        /// The registration.
        registration: u64,
        /// The NPI.
        npi: NpiId,
        /// How many registrations are left in the world.
        registrations_left: usize,
        /// How many bindings are left in the world.
        bindings_left: usize,
    },
    /// `violation`: a module has broken a rule.
    Violated(Violation),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.sequence, self.what)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, fields) = self.fields();
        f.write_str(name)?;
        fields.iter().try_for_each(|(key, value)| write!(f, " {key}={value}"))
    }
}

/// Somebody who is told of each event as it happens.
pub(crate) type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// The events of a world.
#[derive(Default)]
pub(crate) struct Trace {
    record: bool,
    listener: Option<Listener>,
    diagram_on_panic: bool,
    /// Whether the diagram was printed because of a panic.
    told: AtomicBool,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    last: u64,
    events: Vec<Event>,
}

impl Trace {
    pub(crate) fn new(record: bool, listener: Option<Listener>) -> Self {
        Self { record, listener, ..Self::default() }
    }

    /// The same, which may tell its events when a test fails.
    pub(crate) fn telling(self, diagram_on_panic: bool) -> Self {
        Self { diagram_on_panic, ..self }
    }

    /// Whether the caller is the first who is to tell the events because of a panic.
    pub(crate) fn is_told_first(&self) -> bool {
        self.diagram_on_panic && self.record && !self.told.swap(true, Ordering::Relaxed)
    }

    /// Notes what `what` makes; it is not asked if nobody records or listens.
    #[inline]
    pub(crate) fn note(&self, what: impl FnOnce() -> What) {
        if self.record || self.listener.is_some() {
            self.add(what());
        }
    }

    #[cold]
    fn add(&self, what: What) {
        // The listener is called under the lock, so that it hears events in their order.
        let mut log = lock(&self.log);
        log.last += 1;
        let event = Event { sequence: log.last, what };
        if let Some(listener) = &self.listener {
            listener(&event);
        }
        if self.record {
            log.events.push(event);
        }
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        lock(&self.log).events.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Trace, What};
    use crate::side::Side;
    use nmr_abi::{NpiId, Status};
    use std::sync::{Arc, Mutex};

    #[test]
    fn an_event_is_one_line_of_words() {
        let npi = NpiId::from_u128(0x2227_e803_8d8b_11d4_abad_0090_2771_9e09);
        let what = What::DetachReturned {
            side: Side::Client,
            binding: 3,
            npi,
            status: Status(0xc000_1234_u32 as i32),
        };
        assert_eq!(
            Event { sequence: 7, what }.to_string(),
            "7 detach-returned side=client binding=3 npi=2227e803-8d8b-11d4-abad-009027719e09 status=0xc0001234",
        );
    }

    #[test]
    fn a_listener_hears_what_is_not_recorded() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        let trace = Trace::new(
            false,
            Some(Box::new(move |event| ear.lock().expect("no panic").push(event.sequence))),
        );
        for _ in 0..3 {
            trace.note(|| What::Ended { binding: 1, npi: NpiId::default() });
        }
        assert_eq!(*heard.lock().expect("no panic"), [1, 2, 3]);
        assert!(trace.events().is_empty());
        Trace::new(false, None).note(|| unreachable!("nobody listens"));
    }
}
