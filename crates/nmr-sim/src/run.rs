//! One run in which every choice is owned: which action is next and on which thread, where a thread stops to let another
//! one go on, which of two callbacks comes first, and what modules answer.
//!
//! A [`Run`] knows *actions*: what a module, a caller or a peer may do, each ready at some times and not at others. An
//! action that has begun is a thread. One thread at a time is at work; wherever the world would let others in (before and
//! after each callback, before a completion, inside a wait), the [`Choices`] say who goes on: this thread, another one that
//! has begun, or an action that is ready now. So one list of small numbers is the whole run, the same each time: it
//! comes from a seed, from an exhaustive [exploration](crate::explore), or from a run that failed, and it can be made
//! shorter ([`shrink`](crate::shrink())). A wait that nobody can end any more is reported, not hung on.
//!
//! ```
//! use nmr_sim::{Choices, Run, World};
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
//!
//! let run = Run::new(Choices::seeded(7));
//! let world = World::builder().schedule(run.schedule()).build();
//! let done = Arc::new(AtomicBool::new(false));
//! let (ready, act) = (Arc::clone(&done), done);
//! run.action("register", move || !ready.load(Relaxed), move || act.store(true, Relaxed));
//! let performed = run.perform();
//! assert_eq!(performed.steps, ["register begins", "register ends"]);
//! world.assert_clean();
//! ```

mod check;
mod course;
mod crew;
mod gate;
mod told;
mod turns;

pub(crate) use check::{attempt, report, smallest};
pub use check::{check, replay};
pub(crate) use crew::{Crew, Hands};
pub use told::{Moment, Performed, Standing};

use crate::choices::Choices;
use crate::fingerprint::Fingerprint;
use crate::frames;
use crate::schedule::{Point, Schedule};
use crate::sync::lock;
use course::{Course, IsOver};
use gate::Gate;
use std::cell::Cell;
use std::fmt;
use std::hash::Hash;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

thread_local! {
    /// The run and the activity that the thread is at work for.
    static AT_WORK: Cell<Option<(usize, u64)>> = const { Cell::new(None) };
}

/// Something that a module, a caller or a peer may do.
struct Action {
    ready: Box<dyn Fn() -> bool + Send + Sync>,
    act: Box<dyn Fn() + Send + Sync>,
}

type Watcher = Box<dyn Fn(&Moment) + Send + Sync>;

/// What tells how modules stand, by hashing it.
type Observer = Box<dyn Fn(&mut Fingerprint) + Send + Sync>;

/// A run. The value is a cheap handle; clones are the same run.
#[derive(Clone)]
pub struct Run {
    inner: Arc<Inner>,
}

struct Inner {
    /// How many actions may have begun besides one, those that wait not counted.
    depth: usize,
    hands: Mutex<Option<Arc<Hands>>>,
    actions: Mutex<Vec<Arc<Action>>>,
    /// What the actions are called, also when they are let go of.
    names: Mutex<Vec<String>>,
    observer: Mutex<Option<Observer>>,
    watcher: Mutex<Option<Watcher>>,
    course: Mutex<Course>,
    over: Gate,
}

impl Run {
    /// A run under `choices`, in which up to three actions have begun at once, and any number waits.
    pub fn new(choices: Choices) -> Self {
        Self::with_depth(choices, 2)
    }

    /// A run in which up to `depth` actions have begun besides one, those that wait not counted. With 0 each action comes
    /// to its end, or to a wait, before the next one begins.
    pub fn with_depth(choices: Choices, depth: usize) -> Self {
        Self::with_hands(choices, depth, None)
    }

    pub(crate) fn with_hands(choices: Choices, depth: usize, hands: Option<Arc<Hands>>) -> Self {
        let inner = Inner {
            depth,
            hands: Mutex::new(hands),
            actions: Mutex::default(),
            names: Mutex::default(),
            observer: Mutex::default(),
            watcher: Mutex::default(),
            course: Mutex::new(Course::new(choices)),
            over: Gate::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The schedule for the world of this run, see [`WorldBuilder::schedule`](crate::WorldBuilder::schedule).
    pub fn schedule(&self) -> impl Schedule + use<> {
        self.clone()
    }

    /// Adds an action. `act` is called whenever `ready` says so and the choices pick it; while it has not returned, it is
    /// not ready. `ready` must not call the world or the run. Actions are let go of when the run is over.
    pub fn action(
        &self,
        name: impl Into<String>,
        ready: impl Fn() -> bool + Send + Sync + 'static,
        act: impl Fn() + Send + Sync + 'static,
    ) {
        let action = Action { ready: Box::new(ready), act: Box::new(act) };
        lock(&self.inner.names).push(name.into());
        lock(&self.inner.actions).push(Arc::new(action));
    }

    /// Says how everything stands, for an exploration: two moments at which the hashed value and the places of all actions
    /// that have begun are the same have the same future.
    pub fn observe<T: Hash>(&self, state: impl Fn() -> T + Send + Sync + 'static) {
        *lock(&self.inner.observer) = Some(Box::new(move |hasher| state().hash(hasher)));
    }

    /// Shows every moment at which it is to be decided who goes on, also where there is only one who can. `watcher` must
    /// not call the run.
    pub fn watch(&self, watcher: impl Fn(&Moment) + Send + Sync + 'static) {
        *lock(&self.inner.watcher) = Some(Box::new(watcher));
    }

    /// A choice of a module: one of `options`, counted from 0. `what` tells it from its other choices.
    pub fn choose(&self, what: impl Hash + fmt::Debug, options: usize) -> usize {
        let Some(me) = self.me() else { return 0 };
        self.stand(me, &what, None);
        self.next(me, options)
    }

    /// A moment inside a module's code at which other threads may go on; `what` tells it from other such moments.
    pub fn pause(&self, what: impl Hash + fmt::Debug) {
        if let Some(me) = self.me() {
            self.stand(me, &what, None);
            self.hand_over(me);
        }
    }

    /// Performs actions until all that have begun have ended and none is ready.
    ///
    /// # Panics
    /// When an action has panicked, with what it said: a wait that nothing can end says what holds it.
    pub fn perform(&self) -> Performed {
        let own = Crew::default();
        lock(&self.inner.hands).get_or_insert_with(|| own.hands());
        lock(&self.inner.course).performing = true;
        self.go_on();
        self.inner.over.pass();
        drop(own);
        lock(&self.inner.actions).clear();
        *lock(&self.inner.observer) = None;
        *lock(&self.inner.watcher) = None;
        let mut course = lock(&self.inner.course);
        course.performing = false;
        let panic = course.panic.take();
        drop(course);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        self.performed()
    }

    /// What was done so far, also by a run that has failed.
    pub fn performed(&self) -> Performed {
        let (names, course) = (lock(&self.inner.names), lock(&self.inner.course));
        let steps = course.steps.iter().map(|(action, does)| format!("{} {does}", names[*action]));
        Performed { steps: steps.collect(), choices: course.choices.taken().to_vec() }
    }

    /// The activity that the calling thread is at work for.
    fn me(&self) -> Option<u64> {
        let here = Arc::as_ptr(&self.inner).addr();
        AT_WORK.get().filter(|(run, _)| *run == here).map(|(_, me)| me)
    }

    /// Notes where `me` stands, and what it waits for.
    fn stand(&self, me: u64, place: &(impl Hash + fmt::Debug), waits_for: Option<IsOver>) {
        let mut hasher = Fingerprint::default();
        (place, frames::subject()).hash(&mut hasher);
        if let Some(activity) = lock(&self.inner.course).activity(me) {
            activity.place = hasher.value();
            if let Some(shown) = &mut activity.shown {
                *shown = format!("{place:?}");
            }
            activity.waits_for = waits_for;
        }
    }

    /// One of `options`, which the thread of `me` takes, or with 0 one that is between actions.
    fn next(&self, me: u64, options: usize) -> usize {
        let observer = lock(&self.inner.observer);
        let mut course = lock(&self.inner.course);
        let Course { choices, activities, .. } = &mut *course;
        choices.next(options, |hasher| {
            let at_work = activities.iter().position(|activity| activity.id == me);
            // Activities stand in the order of their actions, so that it does not matter who began first.
            (at_work, &*activities).hash(hasher);
            if let Some(observer) = &*observer {
                observer(hasher);
            }
        })
    }
}

impl Schedule for Run {
    fn pause(&self, point: Point) {
        Run::pause(self, point);
    }

    fn choose(&self, point: Point, options: usize) -> usize {
        Run::choose(self, point, options)
    }

    fn wait(&self, is_over: Arc<dyn Fn() -> bool + Send + Sync>) -> bool {
        let Some(me) = self.me() else { return true };
        frames::set_subject(None);
        self.stand(me, &"waits", Some(is_over));
        let may_end = self.hand_over(me);
        self.stand(me, &"waited", None);
        may_end
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("performed", &self.performed()).finish_non_exhaustive()
    }
}
