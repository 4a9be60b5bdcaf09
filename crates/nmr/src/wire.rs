//! What crosses the boundary between two drivers by value.

#![expect(unsafe_code, reason = "says which types hold whatever a peer puts there")]

use nmr_abi::{Guid, Luid, ModuleId, ModuleIdType, Status};

/// A type that holds whatever arrives from a peer in C: each bit pattern is a value of it. Raw pointers and optional
/// functions are such types; what they point to is another question, see [`Plain`].
///
/// `#[plain]` makes one of a struct inside a contract.
///
/// # Safety
/// The type has C's layout. Each bit pattern of its fields is a value; of an `Option` of a function, each that the
/// contract allows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross an NPI",
    label = "not a type that both drivers see alike",
    note = "use integers, `Status`, `Guid`, arrays or `#[plain]` structs of these, or a result; booleans and enums arrive \
            from C with any value"
)]
pub unsafe trait Wire: Copy + 'static {
    /// Whether C would pass the address in place of a value.
    #[doc(hidden)]
    const IS_ARRAY: bool = false;
}

/// A type that safe code may hand to a peer, whatever its value: nothing in it is followed as an address unless the
/// contract's own crate has put it there.
///
/// # Safety
/// No value that safe code outside the contract's crate can make leads a peer that keeps the contract to memory or code
/// that is not there.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross an NPI",
    label = "not a type that both drivers see alike, whatever its value",
    note = "use integers, `Status`, `Guid`, arrays or `#[plain]` structs of these, or a result; booleans and enums arrive \
            from C with any value",
    note = "an address crosses as a reference or slice, in an `unsafe fn`, or in a private field, so that no driver without \
            `unsafe` makes it up"
)]
pub unsafe trait Plain: Wire {}

macro_rules! plain {
    ($($type:ty)*) => {$(
        // SAFETY: plain old data.
        unsafe impl Wire for $type {}
        // SAFETY: no address.
        unsafe impl Plain for $type {}
    )*};
}

plain!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize Status Guid Luid ModuleIdType ModuleId);

// SAFETY: as its elements.
unsafe impl<T: Wire, const N: usize> Wire for [T; N] {
    const IS_ARRAY: bool = true;
}
// SAFETY: as its elements.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}
// SAFETY: an address, whatever it is of.
unsafe impl<T: 'static> Wire for *const T {}
// SAFETY: as above.
unsafe impl<T: 'static> Wire for *mut T {}

macro_rules! functions {
    ($($($argument:ident)*;)*) => {$(
        // SAFETY: NULL, or what the contract says.
        unsafe impl<$($argument: 'static,)* R: 'static> Wire for Option<unsafe extern "system" fn($($argument),*) -> R> {}
        // SAFETY: as above.
        unsafe impl<$($argument: 'static,)* R: 'static> Wire for Option<unsafe extern "C" fn($($argument),*) -> R> {}
    )*};
}

functions! {
    ;
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
    A B C D E F G H I J;
    A B C D E F G H I J K;
    A B C D E F G H I J K L;
}
