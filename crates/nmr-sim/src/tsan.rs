//! Tells ThreadSanitizer which order the NMR promises, if a program that uses the C library runs under it.
//!
//! The library is not instrumented, so that the sanitizer sees neither its locks nor its atomics, and would take what a
//! module does in two callbacks for a race. Here it is told the order that the contract gives and no more: what a module
//! did before it registered comes before its callbacks, those of one binding come one after the other from attach to
//! cleanup, completions come before the cleanup, and all of it before the wait returns. A module that relies on anything
//! else is still found.

/// What this thread did so far comes before what any thread does that is [`observed`] to come after `point`.
#[inline]
pub(crate) fn published<T>(point: &T) {
    imp::release(std::ptr::from_ref(point).cast());
}

/// What was [`published`] at `point` comes before what this thread does next.
#[inline]
pub(crate) fn observed<T>(point: &T) {
    imp::acquire(std::ptr::from_ref(point).cast());
}

#[cfg(all(feature = "exports", target_os = "linux", not(miri)))]
mod imp {
    #![expect(unsafe_code, reason = "looks for the sanitizer's functions by name and calls them")]

    use std::ffi::{CStr, c_char, c_void};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};

    unsafe extern "C" {
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }

    /// `void __tsan_acquire(void *)` and `__tsan_release`.
    type Edge = unsafe extern "C" fn(*mut c_void);

    /// The two, where the process has them.
    struct Sanitizer {
        acquire: Edge,
        release: Edge,
    }

    /// Whether it is known that there is none, so that a call costs one look.
    static ABSENT: AtomicBool = AtomicBool::new(false);

    #[cold]
    fn look() -> Option<&'static Sanitizer> {
        static SANITIZER: OnceLock<Option<Sanitizer>> = OnceLock::new();
        let found = SANITIZER.get_or_init(|| {
            Some(Sanitizer { acquire: find(c"__tsan_acquire")?, release: find(c"__tsan_release")? })
        });
        if found.is_none() {
            ABSENT.store(true, Ordering::Relaxed);
        }
        found.as_ref()
    }

    fn find(name: &CStr) -> Option<Edge> {
        // SAFETY: NULL is the default scope, and the name ends in a zero.
        let found = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr()) };
        // SAFETY: NULL becomes `None`; a function of this name has this type, by the sanitizer's public interface.
        unsafe { std::mem::transmute::<*mut c_void, Option<Edge>>(found) }
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

    #[inline]
    fn present() -> Option<&'static Sanitizer> {
        if ABSENT.load(Ordering::Relaxed) { None } else { look() }
    }
}

#[cfg(not(all(feature = "exports", target_os = "linux", not(miri))))]
mod imp {
    use std::ffi::c_void;

    #[inline]
    pub(super) fn acquire(_: *const c_void) {}

    #[inline]
    pub(super) fn release(_: *const c_void) {}
}
