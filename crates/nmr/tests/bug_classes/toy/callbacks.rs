//! The C functions of a toy: those that NMR calls, and those in its dispatch tables.

#![expect(unsafe_code, reason = "receives NMR's pointers")]

use super::offer::Exchange;
use super::{Call, Context, Offer, Toy};
use crate::drivers::adder;
use core::cell::Cell;
use core::ffi::c_void;
use nmr::abi::{BindingHandle, RegistrationInstance};
use nmr::{Status, TableHeader};
use std::sync::atomic::Ordering;

pub(super) static PROVIDER: adder::ProviderDispatch =
    adder::ProviderDispatch { header: TableHeader::of::<adder::ProviderDispatch>(3), add };
pub(super) static CLIENT: adder::ClientDispatch =
    adder::ClientDispatch { header: TableHeader::of::<adder::ClientDispatch>(3), told };

pub(super) unsafe extern "system" fn attach_provider(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
) -> Status {
    // SAFETY: the registration context is the toy, which is kept.
    let toy: &'static Toy = unsafe { &*context.cast_const().cast() };
    toy.called(Call::Attach);
    (toy.script.attach)(&Offer { toy, handle, instance, exchange: Exchange::Client })
}

pub(super) unsafe extern "system" fn attach_client(
    handle: BindingHandle,
    context: *mut c_void,
    instance: *const RegistrationInstance,
    client_context: *mut c_void,
    client_table: *const c_void,
    context_out: *mut *mut c_void,
    table_out: *mut *const c_void,
) -> Status {
    // SAFETY: the registration context is the toy, which is kept.
    let toy: &'static Toy = unsafe { &*context.cast_const().cast() };
    toy.called(Call::Attach);
    let exchange = Exchange::Provider { client_context, client_table, context_out, table_out };
    (toy.script.attach)(&Offer { toy, handle, instance, exchange })
}

thread_local! {
    static NULL_USES: Cell<usize> = const { Cell::new(0) };
}

/// How often a NULL context was used on this thread, which in C stops the machine.
pub fn null_uses() -> usize {
    NULL_USES.get()
}

fn context_of(context: *mut c_void) -> Option<&'static Context> {
    // SAFETY: NMR and peers pass the context that the attach callback gave; it is kept, or NULL.
    let context = unsafe { context.cast_const().cast::<Context>().as_ref() };
    if context.is_none() {
        NULL_USES.set(NULL_USES.get() + 1);
    }
    context
}

pub(super) unsafe extern "system" fn detach(context: *mut c_void) -> Status {
    let Some(context) = context_of(context) else { return Status::SUCCESS };
    context.toy.called(Call::Detach);
    context.detached.store(true, Ordering::SeqCst);
    (context.toy.script.detach)(context)
}

pub(super) unsafe extern "system" fn cleanup(context: *mut c_void) {
    let Some(context) = context_of(context) else { return };
    context.toy.called(Call::Cleanup);
    (context.toy.script.cleanup)(context);
}

unsafe extern "system" fn add(context: *mut c_void, a: u32, b: u32, sum: *mut u32) -> Status {
    let Some(context) = context_of(context) else { return Status::INVALID_PARAMETER };
    context.toy.called(Call::Served);
    let status = (context.toy.script.serve)(context, a);
    // SAFETY: the caller passes a place for the sum.
    unsafe { sum.write(a + b + context.toy.script.number) };
    status
}

unsafe extern "system" fn told(context: *mut c_void, news: u32) -> u32 {
    let Some(context) = context_of(context) else { return 0 };
    context.toy.called(Call::Served);
    let _ = (context.toy.script.serve)(context, news);
    news + context.toy.script.number
}
