//! Threads for the actions of runs, kept from one run to the next.

use crate::sync::lock;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send>;

/// Threads that do one job after the other. Dropping it waits for them.
#[derive(Default)]
pub(crate) struct Crew {
    hands: Arc<Hands>,
}

/// What a run needs of a crew.
#[derive(Default)]
pub(crate) struct Hands {
    crew: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    dismissed: bool,
}

impl Crew {
    pub(crate) fn hands(&self) -> Arc<Hands> {
        Arc::clone(&self.hands)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let threads = {
            let mut crew = lock(&self.hands.crew);
            crew.dismissed = true;
            // Who waits for a job hears that there will be none.
            crew.idle.clear();
            std::mem::take(&mut crew.threads)
        };
        for thread in threads {
            // A job does not panic: a run catches what its actions do.
            let _ = thread.join();
        }
    }
}

impl Hands {
    /// Has `job` done on a thread that does nothing else meanwhile.
    pub(crate) fn give(self: &Arc<Self>, job: Job) {
        let mut crew = lock(&self.crew);
        if let Some(idle) = crew.idle.pop() {
            // It waits for this, or for the crew's end, which is later.
            let _ = idle.send(job);
            return;
        }
        let hands = Arc::clone(self);
        crew.threads.push(thread::spawn(move || hands.work(job)));
    }

    fn work(&self, first: Job) {
        let mut job = first;
        loop {
            job();
            let (give, jobs) = channel();
            {
                let mut crew = lock(&self.crew);
                if crew.dismissed {
                    return;
                }
                crew.idle.push(give);
            }
            match jobs.recv() {
                Ok(next) => job = next,
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crew;
    use std::sync::mpsc::channel;

    #[test]
    fn a_thread_is_used_again_and_waited_for() {
        let crew = Crew::default();
        let (tell, told) = channel();
        for _ in 0..2 {
            let tell = tell.clone();
            crew.hands().give(Box::new(move || tell.send(std::thread::current().id()).expect("heard")));
            told.recv().expect("told");
            while super::lock(&crew.hands.crew).idle.is_empty() {
                std::thread::yield_now();
            }
        }
        assert_eq!(super::lock(&crew.hands.crew).threads.len(), 1);
    }
}
