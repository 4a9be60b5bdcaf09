//! EX_RUNDOWN_REF, which Wine has by name only. The word is even while it can be acquired: twice the count.

#![expect(unsafe_code, reason = "implements routines on words in memory of the driver's")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::{report, thread};

const CLOSED: usize = 1;
const ONE: usize = 2;

macro_rules! routine {
    ($(#[$doc:meta])* fn $name:ident($word:ident $(, $argument:ident: $type:ty)?) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// `reference` is an EX_RUNDOWN_REF.
        pub(crate) unsafe extern "system" fn $name(reference: *const AtomicUsize $(, $argument: $type)?) $(-> $result)? {
            // SAFETY: the contract of this function.
            let $word = unsafe { &*reference };
            $body
        }
    };
}

fn add(word: &AtomicUsize, count: usize) -> u8 {
    let add = |word: usize| (word & CLOSED == 0).then_some(word + count * ONE);
    u8::from(word.fetch_update(Ordering::Acquire, Ordering::Relaxed, add).is_ok())
}

fn subtract(word: &AtomicUsize, count: usize) {
    let before = word.fetch_sub(count * ONE, Ordering::Release);
    if before / ONE < count {
        report::broken(thread::caller(), format_args!("releases more rundown protection than was acquired"));
    }
}

routine! {
    /// `ExInitializeRundownProtection`, `ExReInitializeRundownProtection`.
    fn initialize(word) { word.store(0, Ordering::Release) }
}
routine! {
    /// `ExAcquireRundownProtection`.
    fn acquire(word) -> u8 { add(word, 1) }
}
routine! {
    /// `ExAcquireRundownProtectionEx`.
    fn acquire_several(word, count: u32) -> u8 { add(word, count as usize) }
}
routine! {
    /// `ExReleaseRundownProtection`.
    fn release(word) { subtract(word, 1) }
}
routine! {
    /// `ExReleaseRundownProtectionEx`.
    fn release_several(word, count: u32) { subtract(word, count as usize) }
}
routine! {
    /// `ExWaitForRundownProtectionRelease`.
    fn wait(word) {
        word.fetch_or(CLOSED, Ordering::AcqRel);
        while word.load(Ordering::Acquire) != CLOSED {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
routine! {
    /// `ExRundownCompleted`.
    fn completed(word) { word.store(CLOSED, Ordering::Release) }
}
