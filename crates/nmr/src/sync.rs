//! The one place through which the framework takes its atomics: those of `core`, or loom's when it is model checked.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence,
};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering, fence,
};

/// Declares a constructor that is `const`, except under loom, whose atomics have none.
macro_rules! const_fn_outside_loom {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block) => {
        $(#[$attribute])* #[cfg(not(loom))] $visibility const fn $name($($argument: $type),*) -> $result $body
        $(#[$attribute])* #[cfg(loom)] $visibility fn $name($($argument: $type),*) -> $result $body
    };
}
pub(crate) use const_fn_outside_loom;
