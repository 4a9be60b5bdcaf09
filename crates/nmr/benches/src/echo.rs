//! The contract that is called through, a driver on each side of it, and the bare call.

#![expect(unsafe_code, reason = "makes the call that a guard makes, without the guard")]

use core::ffi::c_void;

use nmr::host::{Host, Loaded};
use nmr::{AtPassive, ClientBinding, Offer, ProviderBinding, ProviderTable, Refusal};
use nmr_sim::World;

/// One cheap function, so that what is measured is the way to it.
#[nmr::npi(id = "7f1d8a52-5a3e-4d0c-9d1b-2f3c5f6b7e01", version = 1)]
pub mod echo {
    /// What a provider does.
    pub trait Provider {
        /// Answers with nearly the same.
        fn echo(&self, value: u64) -> u64;
    }
}

nmr::driver! {
    /// Provider of Echo.
    pub driver Server {
        module_id: "7f1d8a52-5a3e-4d0c-9d1b-2f3c5f6b7e10",
        system: Host<World>,

        provider echo: echo::Npi as Customer { capacity: 4 },
    }
}

nmr::driver! {
    /// Client of Echo.
    pub driver Caller {
        module_id: "7f1d8a52-5a3e-4d0c-9d1b-2f3c5f6b7e11",
        system: Host<World>,

        client one_shard: echo::Npi as Attached { capacity: 1 },
    }
}

/// A client of [`Server`]. Peers' calls expect such a value where a slot would have it.
#[derive(Debug)]
#[repr(align(64))]
pub struct Customer;

impl ProviderBinding for Customer {
    type Driver = Server;
    type Npi = echo::Npi;

    fn attach(_: &'static Server, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl echo::Provider for Customer {
    fn echo(&self, value: u64) -> u64 {
        value ^ 1
    }
}

/// The provider that [`Caller`] is attached to.
#[derive(Debug)]
pub struct Attached;

impl ClientBinding for Attached {
    type Driver = Caller;
    type Npi = echo::Npi;

    fn attach(_: &'static Caller, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// Both drivers, attached to each other. They are unloaded in the order of the fields.
#[derive(Debug)]
pub struct Pair {
    /// The client.
    pub caller: Loaded<Caller>,
    /// The provider.
    pub server: Loaded<Server>,
}

impl Pair {
    /// Loads both.
    ///
    /// # Errors
    /// A driver does not load.
    pub fn load() -> nmr::Result<Self> {
        let world = World::builder().record(false).build();
        let server = Loaded::new(Host::quiet(world.clone()))?;
        let caller = Loaded::new(Host::quiet(world))?;
        Ok(Self { caller, server })
    }
}

/// The table that [`Server`] hands out.
pub fn provider_table() -> *const c_void {
    <echo::Npi as ProviderTable<Customer>>::provider_table()
}

/// The provider's table and a binding context, with nothing that keeps them from going away.
#[derive(Clone, Copy, Debug)]
pub struct BarePeer {
    context: *mut c_void,
    table: &'static echo::ProviderDispatch,
}

// SAFETY: the context is the address of a static, which is Sync.
unsafe impl Send for BarePeer {}
// SAFETY: as above.
unsafe impl Sync for BarePeer {}

impl BarePeer {
    /// The table that [`Server`] hands out, and a binding context like its own.
    pub fn new() -> Self {
        static CUSTOMER: Customer = Customer;
        let table = provider_table();
        // SAFETY: the table of a provider of Echo, which is a constant.
        let table = unsafe { &*table.cast::<echo::ProviderDispatch>() };
        Self { context: core::ptr::from_ref(&CUSTOMER).cast_mut().cast(), table }
    }

    /// The bare indirect call.
    #[inline]
    pub fn call(&self, value: u64) -> u64 {
        // SAFETY: the context is of the type that the table's functions expect, and static.
        unsafe { (self.table.echo)(self.context, value) }
    }
}

impl Default for BarePeer {
    fn default() -> Self {
        Self::new()
    }
}
