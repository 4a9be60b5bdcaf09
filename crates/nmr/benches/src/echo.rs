//! The contract that is called through, its provider in C's terms, and a driver that is its client.

#![expect(unsafe_code, reason = "makes the call that a guard makes, without the guard")]

use core::ffi::c_void;

use nmr::host::{Host, Loaded};
use nmr::{AtPassive, ClientBinding, Npi as _, Offer, Refusal, TableHeader};
use nmr_sim::World;

use crate::raw_module::{AtOnce, RawProvider};

/// One cheap function, so that what is measured is the way to it.
#[nmr::npi(id = "7f1d8a52-5a3e-4d0c-9d1b-2f3c5f6b7e01", version = 1)]
pub mod echo {
    /// What a provider does.
    pub trait Provider {
        /// Answers with nearly the same.
        fn echo(&self, value: u64) -> u64;
    }
}

/// The provider's table: its function is called by every design, and costs next to nothing.
pub static TABLE: echo::ProviderDispatch =
    echo::ProviderDispatch { header: TableHeader::of::<echo::ProviderDispatch>(1), echo: nearly_the_same };

unsafe extern "system" fn nearly_the_same(_: *mut c_void, value: u64) -> u64 {
    value ^ 1
}

nmr::driver! {
    /// Client of Echo, once for each way to protect a binding.
    pub driver Caller {
        module_id: "7f1d8a52-5a3e-4d0c-9d1b-2f3c5f6b7e11",
        system: Host<World>,

        client one_shard: echo::Npi as OneShard { capacity: 1 },
        client sixteen_shards: echo::Npi as SixteenShards { capacity: 1, shards: 16 },
        client at_dispatch: echo::Npi as CalledAtDispatch { capacity: 1, shards: 16, calls_at_dispatch: allow },
    }
}

macro_rules! bindings {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl ClientBinding for $name {
            type Driver = Caller;
            type Npi = echo::Npi;

            fn attach(_: &'static Caller, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
                Ok(Self)
            }
        }
    )*};
}

bindings! {
    /// A provider behind one shard.
    OneShard;
    /// A provider behind 16 shards.
    SixteenShards;
    /// A provider behind 16 shards that is also called at DISPATCH_LEVEL.
    CalledAtDispatch;
}

/// The driver, attached to a provider by each of its registrations. They go in the order of the fields.
#[derive(Debug)]
pub struct Pair {
    caller: Loaded<Caller>,
    _provider: RawProvider,
}

impl Pair {
    /// Loads the driver.
    ///
    /// # Errors
    /// It does not load.
    pub fn load() -> nmr::Result<Self> {
        let world = World::builder().record(false).build();
        let provider = RawProvider::register(&world, echo::Npi::ID, Some(table()), AtOnce);
        Ok(Self { caller: Loaded::new(Host::quiet(world))?, _provider: provider })
    }

    /// The driver.
    pub fn caller(&self) -> &'static Caller {
        self.caller.driver()
    }
}

/// [`TABLE`], as NMR passes it.
pub fn table() -> *const c_void {
    core::ptr::from_ref(&TABLE).cast()
}

/// A binding as C drivers keep it, the provider's table and context, with nothing that keeps it from going away.
#[derive(Clone, Copy, Debug)]
pub struct BareBinding {
    context: usize,
    table: &'static echo::ProviderDispatch,
}

impl BareBinding {
    /// The bare indirect call.
    #[inline]
    pub fn call(&self, value: u64) -> u64 {
        let context = core::ptr::without_provenance_mut(self.context);
        // SAFETY: the function makes no use of its context.
        unsafe { (self.table.echo)(context, value) }
    }
}

/// The binding that every design but the framework's calls through.
pub static BARE_BINDING: BareBinding = BareBinding { context: 0, table: &TABLE };

#[cfg(test)]
mod tests {
    use super::{BARE_BINDING, Pair, echo::Provider as _};
    use nmr::Driver as _;

    #[test]
    fn each_registration_calls_what_the_bare_call_calls_and_nothing_is_logged() {
        let pair = Pair::load().expect("the driver loads");
        let caller = pair.caller();
        assert_eq!(BARE_BINDING.call(4), 5);
        assert_eq!(caller.one_shard.oldest_peer().map(|peer| peer.echo(4)), Some(5));
        assert_eq!(caller.sixteen_shards.oldest_peer().map(|peer| peer.echo(4)), Some(5));
        assert_eq!(caller.at_dispatch.oldest_peer().map(|peer| peer.echo(4)), Some(5));
        assert!(caller.system().log_lines().is_empty());
    }
}
