//! The C callbacks: from NMR's pointers to typed references and back, and nothing else.

#![expect(unsafe_code, reason = "receives NMR's pointers")]

use crate::binding::Slot;
use crate::registration::{Core, Exchange};
use crate::role::Role;
use crate::rundown::DetachAnswer;
use crate::snapshot::AttachmentState;
use crate::{AtMostDispatch, AtPassive, Npi, Offer, PeerCalls, Step};
use core::ffi::c_void;
use nmr_abi::{BindingHandle, Registrar, RegistrationInstance, Status};

/// NPI_CLIENT_ATTACH_PROVIDER_FN; calls `NmrClientAttachProvider` when the driver takes the offer.
pub(crate) unsafe extern "system" fn client_attach<R: Role>(
    nmr_binding_handle: BindingHandle,
    client_context: *mut c_void,
    provider_registration_instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: the context given to NmrRegisterClient is the registration's core, which is static.
    let core = unsafe { &*client_context.cast_const().cast::<Core<R>>() };
    let _running = core.callback();
    // SAFETY: NMR passes the provider's own instance, valid while this callback runs.
    let instance = unsafe { &*provider_registration_instance };
    // SAFETY: a registered module keeps all that its instance points to valid.
    let offer = unsafe { Offer::new(instance) };
    // SAFETY: NMR calls attach callbacks at PASSIVE_LEVEL.
    let at = unsafe { AtPassive::assume() };
    core.attach(nmr_binding_handle, &offer, &at, |context| {
        let mut provider_context = core::ptr::null_mut();
        let mut provider_table = core::ptr::null();
        let mut status = Status::NOINTERFACE;
        for version in <R::Npi as Npi>::VERSIONS {
            // SAFETY: inside the attach callback for this handle; the slot is filled, and stays until cleanup. A provider
            // that declines has forgotten the context.
            status = unsafe {
                core.system().client_attach_provider(
                    nmr_binding_handle,
                    context,
                    R::own_table(*version),
                    &mut provider_context,
                    &mut provider_table,
                )
            };
            if status != Status::NOINTERFACE {
                break;
            }
        }
        // SAFETY: on success the provider has set both, and keeps them valid until cleanup.
        unsafe { Exchange::new(status, provider_context, provider_table) }
    })
}

/// NPI_PROVIDER_ATTACH_CLIENT_FN.
pub(crate) unsafe extern "system" fn provider_attach<R: Role>(
    nmr_binding_handle: BindingHandle,
    provider_context: *mut c_void,
    client_registration_instance: *const RegistrationInstance,
    client_binding_context: *mut c_void,
    client_dispatch: *const c_void,
    provider_binding_context: *mut *mut c_void,
    provider_dispatch: *mut *const c_void,
) -> Status {
    // SAFETY: the context given to NmrRegisterProvider is the registration's core, which is static.
    let core = unsafe { &*provider_context.cast_const().cast::<Core<R>>() };
    let _running = core.callback();
    // SAFETY: NMR passes the client's own instance, valid while this callback runs.
    let instance = unsafe { &*client_registration_instance };
    // SAFETY: a registered module keeps all that its instance points to valid.
    let offer = unsafe { Offer::new(instance) };
    // SAFETY: NMR calls attach callbacks at PASSIVE_LEVEL.
    let at = unsafe { AtPassive::assume() };
    core.attach(nmr_binding_handle, &offer, &at, |context| {
        // SAFETY: the client keeps its context and table valid until cleanup.
        let exchange: Exchange<R> =
            unsafe { Exchange::new(Status::SUCCESS, client_binding_context, client_dispatch) };
        let newest = <R::Npi as Npi>::VERSIONS.first().copied().unwrap_or(0);
        let version = match &exchange.peer {
            Ok(client) => client.version().unwrap_or(newest),
            Err(_) => return Exchange { status: Status::NOINTERFACE, ..exchange },
        };
        // SAFETY: NMR passes two places to write to. The client learns of them when this callback has answered.
        unsafe { provider_binding_context.write(context) };
        // SAFETY: as above.
        unsafe { provider_dispatch.write(R::own_table(version)) };
        exchange
    })
}

/// NPI_CLIENT_DETACH_PROVIDER_FN and NPI_PROVIDER_DETACH_CLIENT_FN.
pub(crate) unsafe extern "system" fn detach<R: Role>(binding_context: *mut c_void) -> Status {
    // SAFETY: NMR passes the context that the attach callback gave it.
    let Some(slot) = (unsafe { Slot::<R>::from_context(binding_context) }) else {
        return Status::SUCCESS;
    };
    let core = slot.core();
    let _running = core.callback();
    let facts = slot.facts();
    // SAFETY: NMR calls detach callbacks at IRQL <= DISPATCH_LEVEL.
    let at = unsafe { AtMostDispatch::assume() };
    // The slot may be gone when this has answered.
    let status = match slot.detach(&at) {
        DetachAnswer::Success => {
            // NMR waits for this answer, so the slot is there still.
            slot.row().advance(AttachmentState::DETACHED);
            Status::SUCCESS
        }
        DetachAnswer::Pending => Status::PENDING,
    };
    core.log(Step::Detach, &facts.with_status(status));
    status
}

/// NPI_CLIENT_CLEANUP_BINDING_CONTEXT_FN and NPI_PROVIDER_CLEANUP_BINDING_CONTEXT_FN.
pub(crate) unsafe extern "system" fn cleanup<R: Role>(binding_context: *mut c_void) {
    // SAFETY: NMR passes the context that the attach callback gave it.
    let Some(slot) = (unsafe { Slot::<R>::from_context(binding_context) }) else {
        return;
    };
    let core = slot.core();
    let _running = core.callback();
    core.log(Step::Cleanup, &slot.facts());
    // SAFETY: both sides have detached: our rundown is drained, and the peer calls no more.
    unsafe { slot.drop_value() };
    slot.row().vacate();
    if slot.leave_cleanup() {
        core.give_back(slot);
    }
}
