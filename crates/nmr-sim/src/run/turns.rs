//! Whose turn it is, and how threads hand over to each other. One thread at a time is at work in a run.

use super::course::Activity;
use super::told::{Moment, Standing};
use super::{AT_WORK, Run};
use crate::frames;
use crate::sync::lock;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Who goes on.
enum Turn {
    Activity(u64),
    Begin(usize),
    /// Nobody can: who has begun and not ended waits for ever.
    Nobody,
}

impl Run {
    /// Who goes on: `me` if it can, one of the others that have begun, or an action that is ready.
    fn turn(&self, me: u64) -> Turn {
        self.show();
        let turn = self.decide(me);
        let mut course = lock(&self.inner.course);
        course.last = match turn {
            Turn::Activity(id) => course.activity(id).map(|activity| activity.action),
            Turn::Begin(action) => Some(action),
            Turn::Nobody => None,
        };
        turn
    }

    /// Tells the watcher of this moment.
    fn show(&self) {
        let watcher = lock(&self.inner.watcher);
        let Some(watcher) = &*watcher else { return };
        let moment = {
            let (names, course) = (lock(&self.inner.names), lock(&self.inner.course));
            let standing = |activity: &Activity| Standing {
                action: names[activity.action].clone(),
                place: activity.shown.clone().unwrap_or_default(),
            };
            let last = course.last.map(|action| names[action].clone());
            Moment { last, standing: course.activities.iter().map(standing).collect() }
        };
        watcher(&moment);
    }

    fn decide(&self, me: u64) -> Turn {
        let (mut others, room, failed) = {
            let course = lock(&self.inner.course);
            let others: Vec<_> = course.activities.iter().map(|a| (a.id, a.waits_for.clone())).collect();
            (others, course.at_work() <= self.inner.depth, course.panic.is_some())
        };
        others.sort_by_key(|(id, _)| *id != me);
        let able = others.into_iter().filter(|(_, waits_for)| waits_for.as_ref().is_none_or(|over| over()));
        let mut turns: Vec<Turn> = able.map(|(id, _)| Turn::Activity(id)).collect();
        if room && !failed {
            turns.extend(self.ready().into_iter().map(Turn::Begin));
        }
        if turns.is_empty() {
            return Turn::Nobody;
        }
        let choice = if failed { 0 } else { self.next(me, turns.len()) };
        turns.swap_remove(choice)
    }

    /// The actions that may begin now.
    fn ready(&self) -> Vec<usize> {
        let begun: Vec<usize> = lock(&self.inner.course).activities.iter().map(|a| a.action).collect();
        let actions = lock(&self.inner.actions);
        (0..actions.len()).filter(|action| !begun.contains(action) && (actions[*action].ready)()).collect()
    }

    /// Lets whoever is chosen go on, and comes back when it is the turn of `me` again. Answers `false` if `me` waits and
    /// nobody will end that.
    pub(super) fn hand_over(&self, me: u64) -> bool {
        match self.turn(me) {
            Turn::Activity(id) if id == me => return true,
            Turn::Activity(id) => self.wake(id),
            Turn::Begin(action) => {
                let run = self.clone();
                let hands = lock(&self.inner.hands).clone();
                let job = Box::new(move || {
                    run.act(action);
                    run.go_on();
                });
                hands.expect("a run that is performed has hands").give(job);
            }
            Turn::Nobody => return false,
        }
        let gate = lock(&self.inner.course).activity(me).map(|activity| Arc::clone(&activity.gate));
        gate.expect("an activity ends on its own thread").pass();
        let mut course = lock(&self.inner.course);
        let activity = course.activity(me).expect("an activity ends on its own thread");
        let (action, stuck) = (activity.action, activity.stuck);
        course.steps.push((action, "goes on"));
        !stuck
    }

    /// Called by a thread that is inside of no action: performs actions until it is another thread's turn.
    pub(super) fn go_on(&self) {
        loop {
            match self.turn(0) {
                Turn::Begin(action) => self.act(action),
                Turn::Activity(id) => return self.wake(id),
                Turn::Nobody => {
                    let waiting = lock(&self.inner.course).activities.first_mut().map(|activity| {
                        activity.stuck = true;
                        activity.id
                    });
                    match waiting {
                        Some(id) => self.wake(id),
                        None => self.inner.over.open(),
                    }
                    return;
                }
            }
        }
    }

    fn wake(&self, id: u64) {
        if let Some(activity) = lock(&self.inner.course).activity(id) {
            activity.gate.open();
        }
    }

    /// Performs an action on this thread, from its begin to its end.
    fn act(&self, action: usize) {
        let performed = Arc::clone(&lock(&self.inner.actions)[action]);
        let shown = lock(&self.inner.watcher).as_ref().map(|_| String::new());
        let id = {
            let mut course = lock(&self.inner.course);
            course.begun += 1;
            let id = course.begun;
            course.steps.push((action, "begins"));
            let at = course.activities.partition_point(|other| other.action < action);
            let gate = Arc::default();
            let activity = Activity { id, action, place: 0, shown, waits_for: None, stuck: false, gate };
            course.activities.insert(at, activity);
            id
        };
        frames::set_subject(None);
        AT_WORK.set(Some((Arc::as_ptr(&self.inner).addr(), id)));
        let outcome = catch_unwind(AssertUnwindSafe(|| (performed.act)()));
        AT_WORK.set(None);
        let mut course = lock(&self.inner.course);
        course.activities.retain(|activity| activity.id != id);
        course.steps.push((action, "ends"));
        if let Err(panic) = outcome {
            course.panic.get_or_insert(panic);
        }
    }
}
