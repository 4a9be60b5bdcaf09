//! What the output of the macros calls. Not part of the interface.

#![expect(
    unsafe_code,
    reason = "turns the contexts and out parameters of C calls into references and results"
)]

mod addresses;
mod levels;
mod peer;

pub use addresses::{reference, reference_mut, slice, slice_mut};
pub use levels::{at_dispatch, at_most_dispatch, at_passive};
pub use peer::{Entry, Peer, Shape, version_of_client};

use crate::binding::GENERATION_BITS;
use crate::{ClientBinding, Driver, Error, Guid, Plain, ProviderBinding, Result, Status, System, Wire};
use core::ffi::c_void;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

/// Serves a call that a peer made with the binding context of a `B`, on a thread that cannot be suspended meanwhile: a
/// suspended thread would hold up a detach for as long.
///
/// # Safety
/// `context` is the binding context of a `B` that has not been cleaned up.
#[inline]
pub unsafe fn serve<'a, S: System, B: 'a, T>(context: *mut c_void, call: impl FnOnce(&'a B) -> T) -> T {
    let binding = context.map_addr(|address| address & !GENERATION_BITS).cast_const().cast::<B>();
    let _region = CriticalRegion::<S>::enter();
    // SAFETY: the value is the first field of its slot, and stays until cleanup.
    call(unsafe { &*binding })
}

/// Serves a call whose result C receives as a status and an out parameter, which is written on success only.
///
/// # Safety
/// As [`serve`]; `out` is NULL or valid for a write of a `T`.
#[inline]
pub unsafe fn serve_result<'a, S: System, B: 'a, T: Wire>(
    context: *mut c_void,
    out: *mut T,
    call: impl FnOnce(&'a B) -> Result<T>,
) -> Status {
    if out.is_null() || !out.is_aligned() {
        return Status::INVALID_PARAMETER;
    }
    // SAFETY: as the caller says.
    match unsafe { serve::<S, B, _>(context, call) } {
        Ok(value) => {
            // SAFETY: not NULL, aligned, and the peer's to receive.
            unsafe { out.write(value) };
            Status::SUCCESS
        }
        Err(error) => error.status(),
    }
}

/// Serves a call whose result C receives as a status alone.
///
/// # Safety
/// As [`serve`].
#[inline]
pub unsafe fn serve_status<'a, S: System, B: 'a>(
    context: *mut c_void,
    call: impl FnOnce(&'a B) -> Result<()>,
) -> Status {
    // SAFETY: as the caller says.
    match unsafe { serve::<S, B, _>(context, call) } {
        Ok(()) => Status::SUCCESS,
        Err(error) => error.status(),
    }
}

/// A critical region of the calling thread, left when the value is dropped.
struct CriticalRegion<S: System> {
    entered: bool,
    here: PhantomData<*mut S>,
}

impl<S: System> CriticalRegion<S> {
    fn enter() -> Self {
        // SAFETY: the value stays on its thread, inside the thunk that serves the call, and leaves the region.
        Self { entered: unsafe { S::enter_critical_region() }, here: PhantomData }
    }
}

impl<S: System> Drop for CriticalRegion<S> {
    fn drop(&mut self) {
        if self.entered {
            // SAFETY: entered by this value, which does not leave its thread.
            unsafe { S::leave_critical_region() };
        }
    }
}

/// The system below the driver of a client binding.
pub type SystemOfClient<B> = <<B as ClientBinding>::Driver as Driver>::System;
/// The system below the driver of a provider binding.
pub type SystemOfProvider<B> = <<B as ProviderBinding>::Driver as Driver>::System;

/// The result of a call that answers with a status alone.
///
/// # Errors
/// The status; STATUS_UNSUCCESSFUL for success codes other than STATUS_SUCCESS, which no function of an NPI answers.
#[inline]
pub fn call_status(status: Status) -> Result<()> {
    if status == Status::SUCCESS { Ok(()) } else { Err(Error::from_status(status)) }
}

/// Makes a call that answers with a status and an out parameter.
///
/// # Errors
/// As [`call_status`].
#[inline]
pub fn call_result<T: Wire>(call: impl FnOnce(*mut T) -> Status) -> Result<T> {
    let mut out = MaybeUninit::<T>::zeroed();
    let answer = call_status(call(out.as_mut_ptr()));
    // SAFETY: each bit pattern is a value, whether the peer has written one or not.
    answer.map(|()| unsafe { out.assume_init() })
}

/// Checks at compile time that a type can cross an NPI.
///
/// # Panics
/// At compile time, if there is nothing of it to cross.
pub const fn assert_wire<T: Wire>() {
    assert!(size_of::<T>() > 0, "what has no size cannot cross an NPI: C knows no such type");
}

/// Checks at compile time that safe code may hand a type to a peer.
///
/// # Panics
/// As [`assert_wire`].
pub const fn assert_plain<T: Plain>() {
    assert_wire::<T>();
}

/// Checks at compile time that a type can cross an NPI as an argument or an answer.
///
/// # Panics
/// As [`assert_wire`], and if C would pass an address instead.
pub const fn assert_wire_value<T: Wire>() {
    assert_wire::<T>();
    assert!(
        !T::IS_ARRAY,
        "C passes an array as an address: take a reference, such as `&[u8; 4]`; as an answer, return \
         `nmr::Result<[u8; 4]>`, which is an out parameter"
    );
}

/// Checks at compile time that safe code may hand a type to a peer as an argument or an answer.
///
/// # Panics
/// As [`assert_wire_value`].
pub const fn assert_plain_value<T: Plain>() {
    assert_wire_value::<T>();
}

/// The GUID of a literal that the macros have checked.
///
/// # Panics
/// At compile time, if they have not.
pub const fn guid(text: &str) -> Guid {
    match Guid::parse(text) {
        Ok(guid) => guid,
        Err(_) => panic!("not a GUID"),
    }
}

/// The identifier of an NPI whose contract says `text`: that, or a private one if `NMR_PRIVATE_NPI` is set while this crate is
/// compiled, see [`npi`](macro@crate::npi).
///
/// # Panics
/// As [`guid`].
pub const fn npi_id(text: &str) -> Guid {
    private_id(guid(text), option_env!("NMR_PRIVATE_NPI"))
}

const fn private_id(id: Guid, suffix: Option<&str>) -> Guid {
    match suffix {
        Some(suffix) if !suffix.is_empty() => id.with_suffix(suffix),
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::{Guid, npi_id, private_id};

    #[test]
    fn a_build_with_a_suffix_meets_nobody_but_its_own() {
        let inbox = Guid::from_u128(7);
        assert_eq!([None, Some("")].map(|suffix| private_id(inbox, suffix)), [inbox; 2]);
        assert_eq!(private_id(inbox, Some("mine")), inbox.with_suffix("mine"));
        let text = "00000000-0000-0000-0000-000000000007";
        assert_eq!(npi_id(text), private_id(inbox, option_env!("NMR_PRIVATE_NPI")));
    }

    /// Cargo compiles this crate, and all that is made of it, again when the variable has changed: the compiler tells it so
    /// in the file of dependencies, which lies beside what was compiled.
    #[test]
    #[cfg(not(miri))]
    fn cargo_knows_that_the_variable_matters() {
        let program = std::env::current_exe().expect("this test");
        let dependencies = std::fs::read_to_string(program.with_extension("d")).expect("beside it");
        assert!(dependencies.contains("# env-dep:NMR_PRIVATE_NPI"), "{dependencies}");
    }
}
