//! The atomics of what is model checked: those of `core`, or loom's.

#![allow(unsafe_code, reason = "passes on the `unsafe` of the constructors that are declared through it")]

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

/// Declares a constructor that is `const`, except under loom, whose atomics have none.
macro_rules! const_fn_outside_loom {
    ($(#[$attribute:meta])* $visibility:vis unsafe fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block) => {
        $(#[$attribute])* #[cfg(not(loom))] $visibility const unsafe fn $name($($argument: $type),*) -> $result $body
        $(#[$attribute])* #[cfg(loom)] $visibility unsafe fn $name($($argument: $type),*) -> $result $body
    };
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block) => {
        $(#[$attribute])* #[cfg(not(loom))] $visibility const fn $name($($argument: $type),*) -> $result $body
        $(#[$attribute])* #[cfg(loom)] $visibility fn $name($($argument: $type),*) -> $result $body
    };
}
pub(crate) use const_fn_outside_loom;

/// An array of fresh values, made in a constant where [`const_fn_outside_loom!`] is one.
macro_rules! fresh_array {
    ($type:ty, $fresh:ident; $length:expr) => {{
        #[cfg(not(loom))]
        let array = [const { <$type>::$fresh() }; $length];
        #[cfg(loom)]
        let array: [$type; $length] = ::core::array::from_fn(|_| <$type>::$fresh());
        array
    }};
}
pub(crate) use fresh_array;
