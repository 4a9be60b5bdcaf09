//! The rogue: a driver whose hooks, threads, callbacks and destructors are given by each test.

use crate::canary::{Canary, Census};
use crate::neighbours::{pit, well};
use crate::seeds::Seed;
use core::cell::Cell;
use core::fmt;
use nmr::host::{Host, Loaded};
use nmr::{
    AtMostDispatch, AtPassive, Client, ClientBinding, HeldGuard, MayWait, Offer, PeerRef, ProviderBinding,
    Refusal, ThreadBody,
};
use nmr_sim::World;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The role of the rogue's first registration.
pub type Reach = Client<Reached, 16, true>;

/// What the rogue does where.
#[derive(Clone, Copy)]
pub struct Plan {
    pub start: fn(&'static Rogue, &MayWait<'_>) -> nmr::Result<()>,
    pub stop: fn(&'static Rogue, &MayWait<'_>),
    pub attach: fn(&'static Rogue, &AtPassive<'_>),
    pub closing: fn(&'static Rogue, &AtMostDispatch<'_>),
    pub dropped: fn(&'static Rogue),
    pub served: fn(&'static Rogue),
    pub threads: &'static [ThreadBody<Rogue>],
}

impl Plan {
    /// Nothing.
    pub const IDLE: Self = Self {
        start: |_, _| Ok(()),
        stop: |_, _| (),
        attach: |_, _| (),
        closing: |_, _| (),
        dropped: |_| (),
        served: |_| (),
        threads: &[],
    };
}

/// The rogue's state.
pub struct Loot {
    pub census: Census,
    plan: Mutex<Plan>,
    draws: AtomicU64,
    held: Mutex<Vec<HeldGuard<Reach>>>,
    references: Mutex<Vec<PeerRef<Reach>>>,
}

impl fmt::Debug for Loot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loot").field("census", &self.census).finish_non_exhaustive()
    }
}

impl Loot {
    const fn new() -> Self {
        Self {
            census: Census::new(),
            plan: Mutex::new(Plan::IDLE),
            draws: AtomicU64::new(0),
            held: Mutex::new(Vec::new()),
            references: Mutex::new(Vec::new()),
        }
    }
}

nmr::driver! {
    /// The rogue.
    pub driver Rogue {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2d32",
        system: Host<World>,
        state: Loot = Loot::new(),
        threads: 8,
        start: Rogue::start,
        stop: Rogue::stop,

        client pit: pit::Npi as Reached { capacity: 2, policy: first_of, shards: 16, calls_at_dispatch: allow },
        client spare: pit::Npi as Spare { capacity: 2, instances: 2, activate: later },
        provider well: well::Npi as Served { capacity: 4, needs: [pit] },
    }
}

std::thread_local! {
    /// The plan of the rogue that this thread loads next.
    static NEXT: Cell<Option<(Plan, u64)>> = const { Cell::new(None) };
}

impl Rogue {
    /// Loads a rogue with a plan, whose draws follow from `seed`.
    pub fn load(world: &World, plan: Plan, seed: &Seed) -> nmr::Result<Loaded<Self>> {
        NEXT.set(Some((plan, seed.draw())));
        Loaded::new(Host::quiet(world.clone()))
    }

    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        if let Some((plan, seed)) = NEXT.take() {
            *self.state.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
            self.state.draws.store(seed, Ordering::SeqCst);
        }
        for body in self.plan().threads {
            self.threads.spawn(at, self, *body)?;
        }
        (self.plan().start)(self, at)
    }

    fn stop(&'static self, at: &MayWait<'_>) {
        (self.plan().stop)(self, at);
    }

    fn plan(&self) -> Plan {
        *self.state.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Draws of its own for whoever asks.
    pub fn seed(&self) -> Seed {
        Seed::new(self.state.draws.fetch_add(0x9e37, Ordering::Relaxed))
    }

    /// Keeps a guard until somebody lets go of all.
    pub fn keep(&self, guard: HeldGuard<Reach>) {
        let reference = guard.peer_ref();
        self.lock_held().push(guard);
        // If it has begun to close, `closing` may have looked already.
        if reference.enter().is_none() {
            self.let_go();
        }
    }

    /// Drops all guards that are kept; outside the lock, as each may be the last one out.
    pub fn let_go(&self) {
        let held = core::mem::take(&mut *self.lock_held());
        for guard in &held {
            guard.binding().canary.sings();
            crate::neighbours::touch(guard, 3);
        }
    }

    fn lock_held(&self) -> std::sync::MutexGuard<'_, Vec<HeldGuard<Reach>>> {
        self.state.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a reference for ever.
    pub fn remember(&self, reference: PeerRef<Reach>) {
        let mut references = self.references();
        if references.len() < 64 {
            references.push(reference);
        }
    }

    pub fn references(&self) -> std::sync::MutexGuard<'_, Vec<PeerRef<Reach>>> {
        self.state.references.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

macro_rules! contexts {
    ($($binding:ident $role:ident $npi:ident;)*) => {$(
        /// A peer.
        #[derive(Debug)]
        pub struct $binding {
            pub canary: Canary,
            driver: &'static Rogue,
        }

        impl $role for $binding {
            type Driver = Rogue;
            type Npi = $npi::Npi;

            fn attach(driver: &'static Rogue, _: &Offer<'_>, at: &AtPassive<'_>) -> Result<Self, Refusal> {
                driver.state.census.attached.fetch_add(1, Ordering::SeqCst);
                let context = Self { canary: Canary::new(), driver };
                (driver.plan().attach)(driver, at);
                Ok(context)
            }

            fn closing(&self, at: &AtMostDispatch<'_>) {
                self.canary.sings();
                self.driver.state.census.closed.fetch_add(1, Ordering::SeqCst);
                (self.driver.plan().closing)(self.driver, at);
                self.canary.sings();
            }
        }

        impl Drop for $binding {
            fn drop(&mut self) {
                self.driver.state.census.is_loaded();
                (self.driver.plan().dropped)(self.driver);
                self.driver.state.census.dropped.fetch_add(1, Ordering::SeqCst);
            }
        }
    )*};
}

contexts! {
    Reached ClientBinding pit;
    Spare ClientBinding pit;
    Served ProviderBinding well;
}

impl pit::Client for Reached {
    fn poked(&self, value: u64) -> u64 {
        self.canary.sings();
        value
    }
}

impl pit::Client for Spare {
    fn poked(&self, value: u64) -> u64 {
        self.canary.sings();
        value
    }
}

impl well::Provider for Served {
    fn touch(&self, value: u64) -> u64 {
        self.driver.state.census.is_loaded();
        self.canary.sings();
        (self.driver.plan().served)(self.driver);
        self.canary.sings();
        value.wrapping_add(1)
    }
}
