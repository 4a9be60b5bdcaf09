//! What the checks know about each thread.

use std::cell::Cell;

use crate::level::{self, Irql, PASSIVE};
use crate::{images, report};

/// In [`Thread::system_routine`]: the thread is one of ours that runs DPCs.
pub(crate) const DPC_THREAD: usize = usize::MAX;

/// As many critical regions inside each other are told apart; no driver has so many.
pub(crate) const KNOWN_REGIONS: usize = 32;

/// What is known of one thread.
#[derive(Debug)]
pub(crate) struct Thread {
    /// Its level.
    pub(crate) irql: Cell<Irql>,
    /// Its virtual processor; none until it first matters.
    pub(crate) processor: Cell<Option<u32>>,
    /// How often it asked for the number of its processor.
    pub(crate) asked: Cell<u32>,
    /// Critical regions it has entered and not left.
    pub(crate) critical_regions: Cell<i32>,
    /// Where from it entered the outermost of them.
    pub(crate) entered_from: [Cell<usize>; KNOWN_REGIONS],
    /// Spin locks it holds.
    pub(crate) spin_locks: Cell<u32>,
    /// Where the kernel routine that runs now was called from.
    pub(crate) caller: Cell<usize>,
    /// How often it told somebody else to go on; see `linger.rs`.
    pub(crate) told: Cell<u32>,
    /// The start routine if a driver made the thread with PsCreateSystemThread, 0 if not.
    pub(crate) system_routine: Cell<usize>,
}

thread_local! {
    static THREAD: Thread = const {
        Thread {
            irql: Cell::new(PASSIVE),
            processor: Cell::new(None),
            asked: Cell::new(0),
            critical_regions: Cell::new(0),
            entered_from: [const { Cell::new(0) }; KNOWN_REGIONS],
            spin_locks: Cell::new(0),
            caller: Cell::new(0),
            told: Cell::new(0),
            system_routine: Cell::new(0),
        }
    };
}

/// Looks at this thread.
pub(crate) fn with<T>(look: impl FnOnce(&Thread) -> T) -> T {
    THREAD.with(look)
}

/// Where the kernel routine that runs on this thread was called from.
pub(crate) fn caller() -> usize {
    with(|thread| thread.caller.get())
}

/// What must be as it was when code that was called comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    irql: Irql,
    critical_regions: i32,
    spin_locks: u32,
}

impl State {
    /// That of this thread now.
    pub(crate) fn now() -> Self {
        with(|thread| Self {
            irql: thread.irql.get(),
            critical_regions: thread.critical_regions.get(),
            spin_locks: thread.spin_locks.get(),
        })
    }

    /// Reports what `what`, code of a driver at `address`, has left different.
    pub(crate) fn expect_again(self, address: usize, what: &str) {
        let now = Self::now();
        if now.irql != self.irql {
            let (now, then) = (level::name(now.irql), level::name(self.irql));
            report::broken(address, format_args!("{what} ends at {now}, it was called at {then}"));
        }
        if now.critical_regions != self.critical_regions {
            let difference = now.critical_regions - self.critical_regions;
            let more = if difference > 0 { "entered and not left" } else { "left and not entered" };
            report::broken(
                address,
                format_args!("{what} ends with {} critical regions {more}", difference.abs()),
            );
        }
        if now.spin_locks != self.spin_locks {
            let (now, then) = (now.spin_locks, self.spin_locks);
            report::broken(
                address,
                format_args!("{what} ends with {now} spin locks held, it began with {then}"),
            );
        }
        if now != self {
            self.restore();
        }
    }

    /// Goes on as if the driver had behaved, so that one mistake is one message.
    fn restore(self) {
        with(|thread| {
            thread.critical_regions.set(self.critical_regions);
            thread.spin_locks.set(self.spin_locks);
        });
        if crate::irql::current() < self.irql {
            crate::irql::raise(self.irql);
        } else {
            crate::irql::lower(self.irql);
        }
    }
}

/// The end of a driver's own thread: nothing may be held any more.
pub(crate) fn expect_nothing_held(routine: usize) {
    let nothing = State { irql: PASSIVE, critical_regions: 0, spin_locks: 0 };
    if images::of(routine).is_some() {
        nothing.expect_again(routine, "a thread");
    }
}
