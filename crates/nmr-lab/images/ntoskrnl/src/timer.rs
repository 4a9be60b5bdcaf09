//! KTIMER: at its time it is signalled, and its DPC is queued.

#![expect(unsafe_code, reason = "implements routines on timer objects in memory of the driver's")]

use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use crate::dpc::{self, Dpc};
use crate::images::{self, Image};
use crate::{clock, report, thread};

/// TimerNotificationObject: stays signalled. TimerSynchronizationObject: releases one waiter.
const NOTIFICATION: u8 = 8;
const SYNCHRONIZATION: u8 = 9;
/// Where a thread waits when no timer is set.
const LONG: Duration = Duration::from_secs(3600);

/// KTIMER.
#[repr(C)]
pub(crate) struct Timer {
    kind: u8,
    flags: [u8; 2],
    set: u8,
    signalled: i32,
    waiters: [usize; 2],
    due: u64,
    links: [usize; 2],
    dpc: usize,
    processor: u32,
    period: u32,
}

/// A timer that is set.
#[derive(Debug)]
struct Armed {
    timer: usize,
    due: Instant,
    period: Duration,
    dpc: usize,
    image: usize,
}

static ARMED: Mutex<Vec<Armed>> = Mutex::new(Vec::new());
static CHANGED: Condvar = Condvar::new();

fn armed() -> MutexGuard<'static, Vec<Armed>> {
    static THREAD: Once = Once::new();
    THREAD.call_once(|| {
        std::thread::spawn(serve);
    });
    ARMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The life of the thread that waits for the time.
fn serve() {
    let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let now = Instant::now();
        while let Some(index) = armed.iter().position(|timer| timer.due <= now) {
            expire(&mut armed, index);
        }
        let next = armed.iter().map(|timer| timer.due.duration_since(now)).min().unwrap_or(LONG);
        armed = CHANGED.wait_timeout(armed, next).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Signals a timer and queues its DPC, under the lock: who cancels it knows that it has either happened or will not.
fn expire(armed: &mut Vec<Armed>, index: usize) {
    let Armed { timer, dpc, period, .. } = armed[index];
    let object = std::ptr::with_exposed_provenance_mut::<Timer>(timer);
    // SAFETY: a timer that is set, so that its memory is the driver's still.
    unsafe { (*object).signalled = 1 };
    if period.is_zero() {
        armed.remove(index);
        // SAFETY: as above.
        unsafe { (*object).set = 0 };
    } else {
        armed[index].due += period;
    }
    let dpc = std::ptr::with_exposed_provenance_mut::<Dpc>(dpc);
    if !dpc.is_null() {
        // SAFETY: the DPC object that the driver gave with the timer.
        unsafe { dpc::insert(dpc, std::ptr::null_mut(), std::ptr::null_mut()) };
    }
    CHANGED.notify_all();
}

/// `KeInitializeTimer`.
///
/// # Safety
/// `timer` is a place for a timer object.
pub(crate) unsafe extern "system" fn initialize(timer: *mut Timer) {
    // SAFETY: the contract of this function.
    unsafe { initialize_kind(timer, 0) };
}

/// `KeInitializeTimerEx`.
///
/// # Safety
/// `timer` is a place for a timer object.
pub(crate) unsafe extern "system" fn initialize_kind(timer: *mut Timer, kind: u32) {
    let place = timer.addr();
    if is_set_within(place..place + 1) {
        report::broken(thread::caller(), format_args!("initializes a timer that is set"));
    }
    let kind = if kind == 0 { NOTIFICATION } else { SYNCHRONIZATION };
    let made = Timer {
        kind,
        flags: [0; 2],
        set: 0,
        signalled: 0,
        waiters: [0; 2],
        due: 0,
        links: [0; 2],
        dpc: 0,
        processor: 0,
        period: 0,
    };
    // SAFETY: the contract of this function.
    unsafe { timer.write(made) };
}

/// `KeSetTimer`.
///
/// # Safety
/// `timer` is an initialised timer object, `dpc` is NULL or an initialised DPC object.
pub(crate) unsafe extern "system" fn set_once(timer: *mut Timer, due: i64, dpc: *mut Dpc) -> u8 {
    // SAFETY: the contract of this function.
    unsafe { set(timer, due, 0, dpc) }
}

/// `KeSetCoalescableTimer`. Never late on purpose.
///
/// # Safety
/// As [`set`].
pub(crate) unsafe extern "system" fn set_coalescable(
    timer: *mut Timer,
    due: i64,
    period: u32,
    _tolerance: u32,
    dpc: *mut Dpc,
) -> u8 {
    // SAFETY: the contract of this function.
    unsafe { set(timer, due, period, dpc) }
}

/// `KeSetTimerEx`.
///
/// # Safety
/// `timer` is an initialised timer object, `dpc` is NULL or an initialised DPC object.
pub(crate) unsafe extern "system" fn set(timer: *mut Timer, due: i64, period: u32, dpc: *mut Dpc) -> u8 {
    let caller = thread::caller();
    // SAFETY: the contract of this function.
    if !matches!(unsafe { (*timer).kind }, NOTIFICATION | SYNCHRONIZATION) {
        report::broken(caller, format_args!("sets a timer that is not initialised"));
        return 0;
    }
    let was_set = cancel(timer);
    let units =
        if due < 0 { due.unsigned_abs() } else { due.cast_unsigned().saturating_sub(clock::system_time()) };
    let due = Instant::now() + Duration::from_nanos(units.saturating_mul(100));
    let mut armed = armed();
    // SAFETY: the contract of this function.
    unsafe { (*timer).signalled = 0 };
    // SAFETY: the contract of this function.
    unsafe { (*timer).set = 1 };
    armed.push(Armed {
        timer: timer.expose_provenance(),
        due,
        period: Duration::from_millis(u64::from(period)),
        dpc: dpc.expose_provenance(),
        image: images::of(caller).map_or(0, |image| image.base),
    });
    CHANGED.notify_all();
    was_set
}

/// `KeCancelTimer`.
pub(crate) extern "system" fn cancel(timer: *const Timer) -> u8 {
    let mut armed = armed();
    let before = armed.len();
    armed.retain(|set| set.timer != timer.addr());
    u8::from(armed.len() < before)
}

/// `KeReadStateTimer`.
///
/// # Safety
/// `timer` is an initialised timer object.
pub(crate) unsafe extern "system" fn read_state(timer: *const Timer) -> u8 {
    let _armed = armed();
    // SAFETY: the contract of this function; the lock keeps the expiry out.
    u8::from(unsafe { (*timer).signalled } != 0)
}

/// Whether an object to wait for is a timer, by its first byte.
///
/// # Safety
/// `object` can be waited for.
pub(crate) unsafe fn is_timer(object: *const u8) -> bool {
    // SAFETY: everything that can be waited for begins with its kind.
    matches!(unsafe { *object }, NOTIFICATION | SYNCHRONIZATION)
}

/// Waits until a timer is signalled, or for `limit`. Answers whether it was.
///
/// # Safety
/// `timer` is an initialised timer object.
pub(crate) unsafe fn wait(timer: *mut Timer, limit: Option<Duration>) -> bool {
    let begin = Instant::now();
    let mut armed = armed();
    loop {
        // SAFETY: the contract of this function.
        let object = unsafe { &mut *timer };
        if object.signalled != 0 {
            if object.kind == SYNCHRONIZATION {
                object.signalled = 0;
            }
            return true;
        }
        let left = limit.map_or(LONG, |limit| limit.saturating_sub(begin.elapsed()));
        if left.is_zero() {
            return false;
        }
        armed = CHANGED.wait_timeout(armed, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Whether a timer is set that lies in this memory.
pub(crate) fn is_set_within(memory: Range<usize>) -> bool {
    armed().iter().any(|armed| memory.contains(&armed.timer))
}

/// Reports a timer of the driver of `image`, which is about to go, that is set, and takes it away.
pub(crate) fn report_left(image: &Image) {
    let mut armed = armed();
    let before = armed.len();
    armed.retain(|armed| !image.holds(armed.timer) && !image.holds(armed.dpc) && armed.image != image.base);
    let left = before - armed.len();
    if left > 0 {
        report::broken_by(&image.name, image.base, format_args!("is unloaded with {left} timers set"));
    }
}
