//! Looks at a driver at the points where NMR is in the middle of something.

use nmr_sim::{Point, Schedule, World};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Look = Box<dyn FnMut() + Send>;

/// A look that is taken at one kind of point, from when it is set on.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<Option<(Point, Look)>>>);

impl Watch {
    /// A world that is watched.
    pub fn world() -> (World, Self) {
        let watch = Self::default();
        let world = World::builder().schedule(watch.clone()).wait_limit(Duration::from_secs(20)).build();
        (world, watch)
    }

    /// Calls `look` whenever NMR comes to `point`.
    pub fn at(&self, point: Point, look: impl FnMut() + Send + 'static) {
        *self.lock() = Some((point, Box::new(look)));
    }
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, Option<(Point, Look)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule for Watch {
    /// What other threads do during a look is not looked at.
    fn pause(&self, point: Point) {
        let due = self.lock().take_if(|(wanted, _)| *wanted == point);
        if let Some((_, mut look)) = due {
            look();
            self.lock().get_or_insert((point, look));
        }
    }
}
