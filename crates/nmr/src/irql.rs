//! Where code runs, as types.
//!
//! The framework hands out these tokens; code that takes one runs in that context by construction. None of them can be
//! sent to another thread, cloned, or kept: each borrows from the call that it was given to.

#![expect(unsafe_code, reason = "whoever makes a token vouches for the context that it stands for")]

use core::marker::PhantomData;

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
}

impl MayWait<'_> {
    /// PASSIVE_LEVEL is below DISPATCH_LEVEL.
    pub const fn at_most_dispatch(&self) -> AtMostDispatch<'_> {
        AtMostDispatch(PhantomData)
    }
}

impl AtPassive<'_> {
    /// PASSIVE_LEVEL is below DISPATCH_LEVEL.
    pub const fn at_most_dispatch(&self) -> AtMostDispatch<'_> {
        AtMostDispatch(PhantomData)
    }
}
