//! What the output of the macros calls. Not part of the interface.

#![expect(
    unsafe_code,
    reason = "turns the contexts and out parameters of C calls into references and results"
)]

use crate::binding::GENERATION_BITS;
use crate::{
    ClientBinding, Driver, Error, Guid, ProviderBinding, Result, Status, System, TableHeader, TableMismatch,
};
use core::ffi::c_void;
use core::marker::PhantomData;

/// A type that crosses the boundary between two drivers by value: each bit pattern is a value of it.
///
/// # Safety
/// The type has a fixed layout, no padding, and every bit pattern is valid.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross an NPI",
    label = "not a type that both drivers see alike",
    note = "use integers, `Status`, `Guid`, or a result of these; booleans and enums arrive from C with any value"
)]
pub unsafe trait Wire: Copy + 'static {
    /// Some value, for out parameters before the call.
    const INITIAL: Self;
}

macro_rules! wire {
    ($($type:ty = $initial:expr),*) => {$(
        // SAFETY: plain old data.
        unsafe impl Wire for $type {
            const INITIAL: Self = $initial;
        }
    )*};
}

wire!(u8 = 0, u16 = 0, u32 = 0, u64 = 0, usize = 0, i8 = 0, i16 = 0, i32 = 0, i64 = 0, isize = 0);
wire!(Status = Status::SUCCESS, nmr_abi::Guid = nmr_abi::Guid::from_u128(0), () = ());

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
    let mut out = T::INITIAL;
    call_status(call(&mut out)).map(|()| out)
}

/// Checks at compile time that a type can cross an NPI.
pub const fn assert_wire<T: Wire>() {}

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

/// A peer's dispatch table of type `T` and its binding context. Only what has this value can call, and nothing but the
/// slot of a binding has it.
#[derive(Debug)]
pub struct Peer<T: 'static> {
    context: *mut c_void,
    table: &'static T,
}

// SAFETY: a module's functions and binding context may be used from any thread.
unsafe impl<T> Send for Peer<T> {}
// SAFETY: as for `Send`.
unsafe impl<T> Sync for Peer<T> {}

impl<T> Peer<T> {
    /// The peer, if its table is of `version`, at least as long as `T`, and has every function of it.
    ///
    /// # Errors
    /// What is wrong with the table.
    ///
    /// # Safety
    /// `table` is NULL, or points to a [`TableHeader`] and as many bytes as that says; `T` is such a header followed by
    /// function pointers, which those of the table are if not NULL. Table and context stay valid for as long as calls
    /// are made.
    pub unsafe fn accept(
        context: *mut c_void,
        table: *const c_void,
        version: u16,
    ) -> Result<Self, TableMismatch> {
        if table.is_null() {
            return Err(TableMismatch::Null);
        }
        if !table.cast::<T>().is_aligned() {
            return Err(TableMismatch::Misaligned);
        }
        // SAFETY: neither NULL nor misaligned, and as the caller says.
        let header = unsafe { table.cast::<TableHeader>().read() };
        header.check::<T>(version)?;
        const WORD: usize = size_of::<*const c_void>();
        for index in 0..size_of::<T>() / WORD - 1 {
            // SAFETY: the table is as long as `T`, and the header is one word with its padding.
            let function = unsafe { table.cast::<*const c_void>().add(index + 1) };
            // SAFETY: within the table, and aligned as it is.
            if unsafe { function.read() }.is_null() {
                return Err(TableMismatch::NullFunction { index });
            }
        }
        // SAFETY: the version and size are right and no function is NULL.
        Ok(Self { context, table: unsafe { &*table.cast::<T>() } })
    }

    /// The table and context to call with.
    ///
    /// # Safety
    /// The caller is inside the rundown of the binding until the call has returned.
    #[inline]
    pub const unsafe fn reach(&self) -> (&T, *mut c_void) {
        (self.table, self.context)
    }
}
