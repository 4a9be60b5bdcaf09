//! The nine functions under their own names, over the world of the process.

#![expect(unsafe_code, reason = "exports C functions, which trust their callers with pointers and handles")]

use super::process_world::current;
use crate::contract::Rule;
use nmr_abi::{
    BindingHandle, ClientCharacteristics, ClientHandle, ProviderCharacteristics, ProviderHandle, Registrar,
    Status,
};
use std::ffi::c_void;

/// A function was given NULL where it writes its result.
fn no_place_for_result(function: &str) -> Status {
    current().world.violated(Rule::NullPointer, || format!("{function} has nowhere to write its result"));
    Status::INVALID_PARAMETER
}

macro_rules! registering {
    ($(#[$doc:meta])* $name:ident, $characteristics:ty, $handle:ty, $method:ident) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As for the method of [`Registrar`]; the out parameter is NULL or a place for a handle, which is written on
        /// success only, after the attach callbacks.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "system" fn $name(
            characteristics: *const $characteristics,
            context: *mut c_void,
            handle: *mut $handle,
        ) -> Status {
            if handle.is_null() {
                return no_place_for_result(stringify!($name));
            }
            let mut made = <$handle>::NULL;
            // SAFETY: the same contract.
            let status = unsafe { current().world.$method(characteristics, context, &mut made) };
            if status.is_success() {
                // SAFETY: not NULL, and a place for a handle by this function's contract.
                unsafe { handle.write(made) };
            }
            status
        }
    };
}

macro_rules! passing_on {
    ($(#[$doc:meta])* $name:ident, $handle:ty, $method:ident $(, $result:ty)?) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As for the method of [`Registrar`].
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "system" fn $name(handle: $handle) $(-> $result)? {
            // SAFETY: the same contract.
            unsafe { current().world.$method(handle) }
        }
    };
}

registering!(
    /// `NmrRegisterClient`.
    NmrRegisterClient, ClientCharacteristics, ClientHandle, register_client
);
registering!(
    /// `NmrRegisterProvider`.
    NmrRegisterProvider, ProviderCharacteristics, ProviderHandle, register_provider
);
passing_on!(
    /// `NmrDeregisterClient`.
    NmrDeregisterClient, ClientHandle, deregister_client, Status
);
passing_on!(
    /// `NmrDeregisterProvider`.
    NmrDeregisterProvider, ProviderHandle, deregister_provider, Status
);
passing_on!(
    /// `NmrWaitForClientDeregisterComplete`.
    NmrWaitForClientDeregisterComplete, ClientHandle, wait_for_client_deregister_complete, Status
);
passing_on!(
    /// `NmrWaitForProviderDeregisterComplete`.
    NmrWaitForProviderDeregisterComplete, ProviderHandle, wait_for_provider_deregister_complete, Status
);
passing_on!(
    /// `NmrClientDetachProviderComplete`.
    NmrClientDetachProviderComplete, BindingHandle, client_detach_provider_complete
);
passing_on!(
    /// `NmrProviderDetachClientComplete`.
    NmrProviderDetachClientComplete, BindingHandle, provider_detach_client_complete
);

/// `NmrClientAttachProvider`.
///
/// # Safety
/// As for [`Registrar::client_attach_provider`]; the out parameters are NULL or places for pointers, which are written
/// on success only.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn NmrClientAttachProvider(
    nmr_binding_handle: BindingHandle,
    client_binding_context: *mut c_void,
    client_dispatch: *const c_void,
    provider_binding_context: *mut *mut c_void,
    provider_dispatch: *mut *const c_void,
) -> Status {
    if provider_binding_context.is_null() || provider_dispatch.is_null() {
        return no_place_for_result("NmrClientAttachProvider");
    }
    let (mut context, mut dispatch) = (std::ptr::null_mut(), std::ptr::null());
    // SAFETY: the same contract.
    let status = unsafe {
        current().world.client_attach_provider(
            nmr_binding_handle,
            client_binding_context,
            client_dispatch,
            &mut context,
            &mut dispatch,
        )
    };
    if status.is_success() {
        // SAFETY: not NULL, and a place for a pointer by this function's contract.
        unsafe { provider_binding_context.write(context) };
        // SAFETY: as above.
        unsafe { provider_dispatch.write(dispatch) };
    }
    status
}
