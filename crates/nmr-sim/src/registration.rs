//! One registration of a module for one NPI: who it is, what is attached to it, and whether it is ending.

use crate::binding::Binding;
use crate::module::Module;
use crate::npi::Npi;
use crate::side::Side;
use crate::sync::{Brief, lock};
use crate::table::Place;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

/// A registration.
pub(crate) struct Registration {
    pub(crate) number: u64,
    pub(crate) place: Place,
    pub(crate) npi: Arc<Npi>,
    pub(crate) module: Module,
    pub(crate) life: Brief<Life>,
    /// Whether `life` has left [`Stage::Registered`]; changed under its lock, read without it.
    ending: AtomicBool,
    /// Whether it was told already that what it registered has changed.
    pub(crate) change_was_told: AtomicBool,
    /// Rung when the last binding of a registration that is waited for has gone. Who waits holds the rope while it looks
    /// at `life`, so that it hears what happens afterwards.
    pub(crate) rope: Mutex<()>,
    pub(crate) bell: Condvar,
}

/// What changes about a registration.
pub(crate) struct Life {
    pub(crate) stage: Stage,
    /// From the offer to the return of the last cleanup callback.
    pub(crate) bindings: BTreeMap<u64, Arc<Binding>>,
}

/// How far a registration has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It is offered every peer.
    Registered,
    /// `NmrDeregister*` was called: no more offers, and what is attached is detached.
    Deregistering,
    /// The module waits for the end.
    Waiting,
    /// The wait is over: the module may be gone.
    Closed,
}

impl Registration {
    pub(crate) fn new(place: Place, npi: Arc<Npi>, module: Module) -> Self {
        let life = Life { stage: Stage::Registered, bindings: BTreeMap::new() };
        Self {
            number: place.number,
            place,
            npi,
            module,
            life: Brief::new(life),
            ending: AtomicBool::new(false),
            change_was_told: AtomicBool::new(false),
            rope: Mutex::new(()),
            bell: Condvar::new(),
        }
    }

    pub(crate) fn side(&self) -> Side {
        self.module.side()
    }

    /// Whether [`Self::begin_end`] was called.
    ///
    /// An attaching thread asks after it has made a binding attached, under the binding's lock; a deregistering thread
    /// looks at the binding under that lock after it has set this. So one of them sees the other: the lock orders them.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Whether it has no binding.
    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.life).bindings.is_empty()
    }

    /// Stops adopting bindings. For the holder of the lock of `life`, who finds the registration in
    /// [`Stage::Registered`].
    pub(crate) fn begin_end(&self, life: &mut Life) {
        life.stage = Stage::Deregistering;
        self.ending.store(true, Ordering::Release);
    }

    /// Adds `binding`, unless the registration is ending.
    pub(crate) fn adopt(&self, binding: &Arc<Binding>) -> bool {
        let mut life = lock(&self.life);
        let adopts = life.stage == Stage::Registered;
        if adopts {
            life.bindings.insert(binding.number, Arc::clone(binding));
        }
        adopts
    }

    /// Lets go of a binding, and wakes the waiting thread if it was the last one.
    pub(crate) fn forget(&self, binding: u64) {
        let (_gone, was_last) = {
            let mut life = lock(&self.life);
            let gone = life.bindings.remove(&binding);
            (gone, life.stage == Stage::Waiting && life.bindings.is_empty())
        };
        if was_last {
            drop(lock(&self.rope));
            self.bell.notify_all();
        }
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.side(), self.number)?;
        match self.module.id() {
            Some(id) => write!(f, " (module {id}, NPI {})", self.module.npi()),
            None => write!(f, " (no module id, NPI {})", self.module.npi()),
        }
    }
}
