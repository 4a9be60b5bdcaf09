//! Addresses that peers pass, as references for as long as the call lasts.

#![expect(unsafe_code, reason = "follows addresses that a peer passes")]

use crate::{Error, Result, Wire};

/// What C passes as an address and a number of elements. NULL is right if there are none.
///
/// # Errors
/// STATUS_INVALID_PARAMETER for an address where no `T` can be.
///
/// # Safety
/// If `first` is neither NULL nor misaligned, `length` values are there, which nobody writes during `'a`.
#[inline]
pub unsafe fn slice<'a, T: Wire>(first: *const T, length: usize) -> Result<&'a [T]> {
    if length == 0 {
        return Ok(&[]);
    }
    check(first, length)?;
    // SAFETY: as the caller says.
    Ok(unsafe { core::slice::from_raw_parts(first, length) })
}

/// The same for values that the function writes.
///
/// # Errors
/// As [`slice`].
///
/// # Safety
/// As [`slice`], and nobody else reads or writes them during `'a`.
#[inline]
pub unsafe fn slice_mut<'a, T: Wire>(first: *mut T, length: usize) -> Result<&'a mut [T]> {
    if length == 0 {
        return Ok(&mut []);
    }
    check(first, length)?;
    // SAFETY: as the caller says.
    Ok(unsafe { core::slice::from_raw_parts_mut(first, length) })
}

/// What C passes as an address.
///
/// # Errors
/// As [`slice`]; NULL is one of them.
///
/// # Safety
/// As [`slice`], for one value.
#[inline]
pub unsafe fn reference<'a, T: Wire>(address: *const T) -> Result<&'a T> {
    check(address, 1)?;
    // SAFETY: as the caller says.
    Ok(unsafe { &*address })
}

/// The same for a value that the function writes.
///
/// # Errors
/// As [`reference`].
///
/// # Safety
/// As [`slice_mut`], for one value.
#[inline]
pub unsafe fn reference_mut<'a, T: Wire>(address: *mut T) -> Result<&'a mut T> {
    check(address, 1)?;
    // SAFETY: as the caller says.
    Ok(unsafe { &mut *address })
}

fn check<T>(first: *const T, length: usize) -> Result<()> {
    let bytes = length.checked_mul(size_of::<T>()).filter(|bytes| *bytes <= isize::MAX as usize);
    match bytes {
        Some(_) if !first.is_null() && first.is_aligned() => Ok(()),
        _ => Err(Error::INVALID_PARAMETER),
    }
}
