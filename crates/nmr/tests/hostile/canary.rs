//! What shows that a binding context is used after its cleanup, and a driver after its unload.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

const ALIVE: u64 = 0x00a1_1fe0;
const DEAD: u64 = 0xdead;

/// Lives in a binding context. Slots are static, so a late look finds that it is dead, and no other memory.
#[derive(Debug)]
pub struct Canary(AtomicU64);

impl Canary {
    pub const fn new() -> Self {
        Self(AtomicU64::new(ALIVE))
    }

    #[track_caller]
    pub fn sings(&self) {
        assert_eq!(self.0.load(Ordering::Relaxed), ALIVE, "used after cleanup");
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        assert_eq!(self.0.swap(DEAD, Ordering::Relaxed), ALIVE, "cleaned up twice");
    }
}

/// What a driver counts over all its lives.
#[derive(Debug)]
pub struct Census {
    /// Whether the driver is loaded.
    pub loaded: AtomicBool,
    pub attached: AtomicUsize,
    pub closed: AtomicUsize,
    pub dropped: AtomicUsize,
    pub served: AtomicUsize,
}

impl Census {
    pub const fn new() -> Self {
        Self {
            loaded: AtomicBool::new(true),
            attached: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
        }
    }

    #[track_caller]
    pub fn is_loaded(&self) {
        assert!(self.loaded.load(Ordering::SeqCst), "runs in an image that is gone");
    }

    pub fn assert_balanced(&self) {
        let [attached, closed, dropped] =
            [&self.attached, &self.closed, &self.dropped].map(|count| count.load(Ordering::SeqCst));
        assert_eq!(attached, dropped, "each context that was made is dropped");
        assert!(closed <= attached, "a binding closes once");
    }
}
