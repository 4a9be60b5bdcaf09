//! Where code runs, as types.
//!
//! The framework hands out these tokens; code that takes one runs in that context by construction. None of them can be
//! sent to another thread, cloned, or kept: each borrows from the call that it was given to.
//!
//! Raising the IRQL takes a token exclusively, so that nothing that is for lower levels is within reach meanwhile. What a
//! token is turned into is lent, and not given: with a token of its own one could raise while the first is still there.

#![expect(unsafe_code, reason = "whoever makes a token vouches for the context that it stands for")]

use crate::System;
use core::marker::PhantomData;

/// DISPATCH_LEVEL as a number.
pub(crate) const DISPATCH_LEVEL: u8 = 2;

/// Neither `Send` nor `Sync`, and invariant in the lifetime of the call.
type HereAndNow<'a> = PhantomData<*mut &'a ()>;

macro_rules! tokens {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name<'a>(HereAndNow<'a>);

        impl $name<'_> {
            /// Vouches for the context.
            ///
            /// # Safety
            /// The calling code runs in the context that the type stands for, for as long as the token lives.
            pub const unsafe fn assume() -> Self {
                Self(PhantomData)
            }
        }
    )*};
}

tokens! {
    /// PASSIVE_LEVEL, outside any callback of NMR: DriverEntry, Unload, the driver's own threads. The only key to
    /// waiting for a registration.
    MayWait;
    /// PASSIVE_LEVEL, inside an attach callback: may block briefly, must not wait for NMR.
    AtPassive;
    /// IRQL <= DISPATCH_LEVEL on any thread: detach, closing, cleanup, calls from peers. Must not block.
    AtMostDispatch;
    /// DISPATCH_LEVEL, on one processor for as long as the token lives: an ordinary DPC (never a threaded one), or code
    /// that has raised the IRQL. The key to calls that are counted nowhere.
    AtDispatch;
}

macro_rules! raises {
    ($($name:ident)*) => {$(
        impl $name<'_> {
            /// Runs `body` at DISPATCH_LEVEL; `KeRaiseIrqlToDpcLevel` and `KeLowerIrql`. What the lower level allows
            /// is out of reach meanwhile.
            pub fn at_dispatch<S: System, T>(
                &mut self,
                system: &S,
                body: impl FnOnce(&AtDispatch<'_>) -> T,
            ) -> T {
                let _raised = Raised::raise(system);
                body(&AtDispatch(PhantomData))
            }
        }
    )*};
}

raises! { MayWait AtPassive AtMostDispatch }

/// Gives the IRQL back, also when a panic unwinds on a host.
struct Raised<'a, S: System> {
    system: &'a S,
    before: u8,
}

impl<'a, S: System> Raised<'a, S> {
    fn raise(system: &'a S) -> Self {
        // SAFETY: whoever raises has a token of a level that is no higher, and the value made here lowers again.
        Self { system, before: unsafe { system.raise_to_dispatch() } }
    }
}

impl<S: System> Drop for Raised<'_, S> {
    fn drop(&mut self) {
        // SAFETY: this thread raised it from there, and all that raised it further has lowered it again.
        unsafe { self.system.lower(self.before) };
    }
}

impl AtDispatch<'_> {
    /// DISPATCH_LEVEL is not above itself.
    pub const fn at_most_dispatch(&self) -> &AtMostDispatch<'_> {
        &AtMostDispatch(PhantomData)
    }
}

impl MayWait<'_> {
    /// PASSIVE_LEVEL, for what does not wait for NMR.
    pub const fn at_passive(&self) -> &AtPassive<'_> {
        &AtPassive(PhantomData)
    }

    /// PASSIVE_LEVEL is below DISPATCH_LEVEL.
    pub const fn at_most_dispatch(&self) -> &AtMostDispatch<'_> {
        &AtMostDispatch(PhantomData)
    }
}

impl AtPassive<'_> {
    /// PASSIVE_LEVEL is below DISPATCH_LEVEL.
    pub const fn at_most_dispatch(&self) -> &AtMostDispatch<'_> {
        &AtMostDispatch(PhantomData)
    }
}
