//! What ThreadSanitizer is told, if a program that uses the C library runs under it.
//!
//! The library is not instrumented, so that the sanitizer sees neither its locks nor its atomics. It would take what a
//! module does in two callbacks for a race, and what the library copies under its locks as well. So it is told the order
//! that the contract gives and no more: what a module did before it registered comes before its callbacks, those of one
//! binding come one after the other from attach to cleanup, completions come before the cleanup, and all of it before
//! the wait returns. And it is told to look away inside the library, callbacks excepted. A module that relies on any
//! other order is still found.

use crate::binding::Binding;
use crate::registration::Registration;

/// What has an order, told by its address. A pointer to such a thing has another address, and is none.
pub(crate) trait Point {}

impl Point for Binding {}
impl Point for Registration {}

/// What this thread did so far comes before what any thread does that is [`observed`] to come after `point`.
#[inline]
pub(crate) fn published<T: Point>(point: &T) {
    imp::release(std::ptr::from_ref(point).cast());
}

/// What was [`published`] at `point` comes before what this thread does next.
#[inline]
pub(crate) fn observed<T: Point>(point: &T) {
    imp::acquire(std::ptr::from_ref(point).cast());
}

/// The thread is inside the library for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Inside {
    /// It was before.
    nested: bool,
    own_thread: std::marker::PhantomData<*mut ()>,
}

impl Inside {
    #[cfg_attr(not(feature = "exports"), expect(dead_code, reason = "only the functions for C enter"))]
    #[inline]
    pub(crate) fn enter() -> Self {
        Self { nested: imp::ignore(true), own_thread: std::marker::PhantomData }
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        if !self.nested {
            imp::ignore(false);
        }
    }
}

/// Calls a module: if the thread is inside the library, it is outside meanwhile.
#[inline]
pub(crate) fn outside<R>(call: impl FnOnce() -> R) -> R {
    let was_inside = imp::ignore(false);
    let result = call();
    if was_inside {
        imp::ignore(true);
    }
    result
}

#[cfg(all(feature = "exports", target_os = "linux", not(miri)))]
mod imp {
    #![expect(unsafe_code, reason = "looks for the sanitizer's functions by name and calls them")]

    use std::cell::Cell;
    use std::ffi::{CStr, c_char, c_void};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    unsafe extern "C" {
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }

    /// `void __tsan_acquire(void *)` and `__tsan_release`.
    type Edge = unsafe extern "C" fn(*mut c_void);
    /// `void __tsan_ignore_thread_begin(void)` and `__tsan_ignore_thread_end`.
    type Switch = unsafe extern "C" fn();

    /// Its functions, where the process has them.
    struct Sanitizer {
        acquire: Edge,
        release: Edge,
        ignore_begin: Switch,
        ignore_end: Switch,
    }

    /// Whether it is known that there is none, so that a call costs one look.
    static ABSENT: AtomicBool = AtomicBool::new(false);

    thread_local! {
        /// Whether the sanitizer looks away from this thread, because of [`ignore`].
        static IGNORED: Cell<bool> = const { Cell::new(false) };
    }

    #[inline]
    fn present() -> Option<&'static Sanitizer> {
        if ABSENT.load(Ordering::Relaxed) { None } else { look() }
    }

    #[cold]
    fn look() -> Option<&'static Sanitizer> {
        static SANITIZER: OnceLock<Option<Sanitizer>> = OnceLock::new();
        let found = SANITIZER.get_or_init(|| {
            let edge = |name| {
                // SAFETY: a function of this name has this type, by the sanitizer's public interface; NULL is `None`.
                unsafe { std::mem::transmute::<*mut c_void, Option<Edge>>(find(name)) }
            };
            let switch = |name| {
                // SAFETY: as above.
                unsafe { std::mem::transmute::<*mut c_void, Option<Switch>>(find(name)) }
            };
            Some(Sanitizer {
                acquire: edge(c"__tsan_acquire")?,
                release: edge(c"__tsan_release")?,
                ignore_begin: switch(c"__tsan_ignore_thread_begin")?,
                ignore_end: switch(c"__tsan_ignore_thread_end")?,
            })
        });
        if found.is_none() {
            ABSENT.store(true, Ordering::Relaxed);
        }
        found.as_ref()
    }

    fn find(name: &CStr) -> *mut c_void {
        // SAFETY: NULL is the default scope, and the name ends in a zero.
        unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) }
    }

    #[inline]
    pub(super) fn acquire(point: *const c_void) {
        if let Some(sanitizer) = present() {
            // SAFETY: any address may be passed; it names a point and is not followed.
            unsafe { (sanitizer.acquire)(point.cast_mut()) };
        }
    }

    #[inline]
    pub(super) fn release(point: *const c_void) {
        if let Some(sanitizer) = present() {
            // SAFETY: as above.
            unsafe { (sanitizer.release)(point.cast_mut()) };
        }
    }

    /// Makes the sanitizer look away from this thread, or look again. Answers whether it looked away before.
    #[inline]
    pub(super) fn ignore(ignored: bool) -> bool {
        let Some(sanitizer) = present() else { return false };
        let before = IGNORED.replace(ignored);
        if before != ignored {
            let switch = if ignored { sanitizer.ignore_begin } else { sanitizer.ignore_end };
            // SAFETY: each begin is followed by its end, since the state of the thread has changed.
            unsafe { switch() };
        }
        before
    }
}

#[cfg(not(all(feature = "exports", target_os = "linux", not(miri))))]
mod imp {
    use std::ffi::c_void;

    #[inline]
    pub(super) fn acquire(_: *const c_void) {}

    #[inline]
    pub(super) fn release(_: *const c_void) {}

    #[inline]
    pub(super) fn ignore(_: bool) -> bool {
        false
    }
}
