//! Whether anybody listens, and to what.

use core::sync::atomic::{AtomicU32, Ordering};

/// What ETW's enable callback has said last. Events that nobody listens to are not even encoded.
#[derive(Debug)]
pub struct Listeners {
    /// Events of a level below this are listened to; 0 if nobody listens.
    below: AtomicU32,
}

const DISABLE_PROVIDER: u32 = 0;
const ENABLE_PROVIDER: u32 = 1;

impl Listeners {
    /// Nobody listens.
    #[expect(clippy::new_without_default, reason = "made in a static")]
    pub const fn new() -> Self {
        Self { below: AtomicU32::new(0) }
    }

    /// The enable callback: `control_code` is one of `EVENT_CONTROL_CODE_*`, `level` what the listeners want at most,
    /// 0 for all. Our events have no keyword, so that every session that enables the provider gets them.
    pub fn control(&self, control_code: u32, level: u8) {
        match control_code {
            DISABLE_PROVIDER => self.below.store(0, Ordering::Relaxed),
            ENABLE_PROVIDER => {
                let below = if level == 0 { 256 } else { u32::from(level) + 1 };
                self.below.store(below, Ordering::Relaxed);
            }
            // A request to capture state changes nothing.
            _ => {}
        }
    }

    /// Whether an event of this ETW level is listened to.
    pub fn want(&self, level: u8) -> bool {
        u32::from(level) < self.below.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_get_their_level_and_what_matters_more() {
        let listeners = Listeners::new();
        assert!(!listeners.want(0) && !listeners.want(2));
        listeners.control(ENABLE_PROVIDER, 4);
        assert!(listeners.want(2) && listeners.want(4) && !listeners.want(5));
        listeners.control(2, 0);
        assert!(listeners.want(4) && !listeners.want(5), "capturing state changes nothing");
        listeners.control(ENABLE_PROVIDER, 0);
        assert!(listeners.want(5) && listeners.want(255), "0 is all");
        listeners.control(DISABLE_PROVIDER, 0);
        assert!(!listeners.want(0));
    }
}
