//! The three handle kinds of the NMR, which C does not tell apart.

#![expect(unsafe_code, reason = "says that a handle is a number, which a raw pointer type does not")]

use core::ffi::c_void;

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// A `HANDLE` to C. Copying it says nothing about its validity; who may use it when is the business of the
        /// code that holds it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(transparent)]
        pub struct $name(*mut c_void);

        impl $name {
            /// No handle.
            pub const NULL: Self = Self(core::ptr::null_mut());

            /// The handle that C calls `raw`.
            pub const fn from_raw(raw: *mut c_void) -> Self {
                Self(raw)
            }

            /// The handle as C sees it.
            pub const fn as_raw(self) -> *mut c_void {
                self.0
            }

            /// Whether this is [`Self::NULL`].
            pub const fn is_null(self) -> bool {
                self.0.is_null()
            }
        }

        // SAFETY: a handle is a number with the width of a pointer; nothing is reached through it here.
        unsafe impl Send for $name {}
        // SAFETY: as for `Send`.
        unsafe impl Sync for $name {}

        const _: () = assert!(size_of::<$name>() == size_of::<*mut c_void>());
    )*};
}

handles! {
    /// A client registration: from `NmrRegisterClient` until `NmrWaitForClientDeregisterComplete` has returned.
    ClientHandle;
    /// A provider registration: from `NmrRegisterProvider` until `NmrWaitForProviderDeregisterComplete` has returned.
    ProviderHandle;
    /// One side's view of a binding: from the attach callback until that side's detach is complete.
    BindingHandle;
}
