//! DPCs: queued to a virtual processor, run one at a time by that processor's thread, at DISPATCH_LEVEL.

#![expect(unsafe_code, reason = "implements routines on DPC objects in memory of the driver's")]

use std::collections::VecDeque;
use std::ffi::c_void;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};

use crate::level::{DISPATCH, PASSIVE};
use crate::processors::{self, Number};
use crate::thread::{self, State};
use crate::{images, irql, report};

/// KDPC's Type.
const DPC_OBJECT: u8 = 19;
/// KDPC_IMPORTANCE.
const MEDIUM: u8 = 1;
const HIGH: u8 = 2;
const STATUS_SUCCESS: i32 = 0;
const STATUS_INVALID_PARAMETER: i32 = 0xc000_000d_u32 as i32;

type Routine = unsafe extern "system" fn(*mut Dpc, *mut c_void, *mut c_void, *mut c_void);

/// KDPC.
#[repr(C)]
pub(crate) struct Dpc {
    kind: u8,
    importance: u8,
    /// 0 for the processor on which it is queued, else one more than the processor.
    target: u16,
    links: [usize; 2],
    routine: Option<Routine>,
    context: *mut c_void,
    arguments: [*mut c_void; 2],
    data: usize,
}

/// A DPC that waits, with what it will be called with.
#[derive(Debug)]
struct Queued {
    number: u64,
    dpc: usize,
    routine: Routine,
    arguments: [usize; 3],
}

/// What one processor has to do.
#[derive(Debug, Default)]
struct Processor {
    waiting: VecDeque<Queued>,
    /// The one that runs: its number, its object and its routine.
    running: Option<(u64, usize, usize)>,
}

#[derive(Debug)]
struct Queues {
    processors: Vec<Processor>,
    last: u64,
}

static QUEUES: Mutex<Queues> = Mutex::new(Queues { processors: Vec::new(), last: 0 });
static CHANGED: Condvar = Condvar::new();

fn queues() -> MutexGuard<'static, Queues> {
    static THREADS: Once = Once::new();
    THREADS.call_once(|| {
        let count = processors::count();
        let mut queues = QUEUES.lock().unwrap_or_else(PoisonError::into_inner);
        queues.processors.resize_with(count as usize, Processor::default);
        for processor in 0..count {
            std::thread::spawn(move || serve(processor));
        }
    });
    QUEUES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The life of a processor's own thread.
fn serve(processor: u32) {
    thread::with(|thread| {
        thread.processor.set(Some(processor));
        thread.system_routine.set(thread::DPC_THREAD);
    });
    loop {
        let mut queues = queues();
        while queues.processors[processor as usize].waiting.is_empty() {
            queues = CHANGED.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
        drop(queues);
        // A DPC waits, and can be taken back, until the processor is free.
        irql::raise(DISPATCH);
        while let Some(next) = begin(processor) {
            run(&next);
            end(processor);
        }
        irql::lower(PASSIVE);
    }
}

/// Takes the next DPC of a processor, which runs from now on.
fn begin(processor: u32) -> Option<Queued> {
    let mut queues = queues();
    let own = &mut queues.processors[processor as usize];
    let next = own.waiting.pop_front()?;
    own.running = Some((next.number, next.dpc, next.routine as usize));
    Some(next)
}

/// The DPC that ran on a processor has returned.
fn end(processor: u32) {
    queues().processors[processor as usize].running = None;
    CHANGED.notify_all();
}

fn run(next: &Queued) {
    let state = State::now();
    let [context, first, second] = next.arguments.map(std::ptr::with_exposed_provenance_mut::<c_void>);
    let dpc = std::ptr::with_exposed_provenance_mut::<Dpc>(next.dpc);
    // SAFETY: the routine of the DPC object with what the driver queued for it.
    unsafe { (next.routine)(dpc, context, first, second) };
    state.expect_again(next.routine as usize, "a DPC");
}

/// `KeInitializeDpc`.
///
/// # Safety
/// `dpc` is a place for a DPC object.
pub(crate) unsafe extern "system" fn initialize(
    dpc: *mut Dpc,
    routine: Option<Routine>,
    context: *mut c_void,
) {
    if is_queued_within(dpc.addr()..dpc.addr() + 1) {
        report::broken(thread::caller(), format_args!("initializes a DPC that is queued"));
    }
    let none = std::ptr::null_mut();
    let made = Dpc {
        kind: DPC_OBJECT,
        importance: MEDIUM,
        target: 0,
        links: [0; 2],
        routine,
        context,
        arguments: [none; 2],
        data: 0,
    };
    // SAFETY: the contract of this function.
    unsafe { dpc.write(made) };
}

/// `KeInsertQueueDpc`.
///
/// # Safety
/// `dpc` is an initialised DPC object.
pub(crate) unsafe extern "system" fn insert(dpc: *mut Dpc, first: *mut c_void, second: *mut c_void) -> u8 {
    let here = processors::current();
    let mut queues = queues();
    if queues.is_waiting(|queued| queued.dpc == dpc.addr()) {
        return 0;
    }
    // SAFETY: the contract of this function; whoever changes it holds the lock, or has not queued it.
    let object = unsafe { &mut *dpc };
    let Some(routine) = object.routine.filter(|_| object.kind == DPC_OBJECT) else {
        drop(queues);
        report::broken(thread::caller(), format_args!("queues a DPC that is not initialised"));
        return 0;
    };
    object.arguments = [first, second];
    let target = object.target.checked_sub(1).map_or(here, u32::from);
    let arguments = [object.context, first, second].map(<*mut c_void>::expose_provenance);
    queues.last += 1;
    let queued = Queued { number: queues.last, dpc: dpc.expose_provenance(), routine, arguments };
    let waiting = &mut queues.processors[target as usize].waiting;
    if object.importance == HIGH {
        waiting.push_front(queued);
    } else {
        waiting.push_back(queued);
    }
    CHANGED.notify_all();
    1
}

/// `KeRemoveQueueDpc`.
pub(crate) extern "system" fn remove(dpc: *const Dpc) -> u8 {
    let mut queues = queues();
    let before = queues.waiting();
    for processor in &mut queues.processors {
        processor.waiting.retain(|queued| queued.dpc != dpc.addr());
    }
    u8::from(queues.waiting() < before)
}

/// `KeSetImportanceDpc`.
///
/// # Safety
/// `dpc` is an initialised DPC object.
pub(crate) unsafe extern "system" fn set_importance(dpc: *mut Dpc, importance: u32) {
    // SAFETY: the contract of this function.
    unsafe { (*dpc).importance = importance as u8 };
}

/// `KeSetTargetProcessorDpc`.
///
/// # Safety
/// `dpc` is an initialised DPC object.
pub(crate) unsafe extern "system" fn set_target(dpc: *mut Dpc, number: i8) {
    let index = number.cast_unsigned();
    if u32::from(index) < processors::count() {
        // SAFETY: the contract of this function.
        unsafe { (*dpc).target = u16::from(index) + 1 };
    } else {
        report::broken(
            thread::caller(),
            format_args!("targets a DPC at processor {index}, which there is not"),
        );
    }
}

/// `KeSetTargetProcessorDpcEx`.
///
/// # Safety
/// `dpc` is an initialised DPC object, `number` a processor's number.
pub(crate) unsafe extern "system" fn set_target_number(dpc: *mut Dpc, number: *const Number) -> i32 {
    // SAFETY: the contract of this function.
    let Some(index) = (unsafe { processors::index_of(number) }) else { return STATUS_INVALID_PARAMETER };
    // SAFETY: the contract of this function.
    unsafe { (*dpc).target = index as u16 + 1 };
    STATUS_SUCCESS
}

/// `KeFlushQueuedDpcs`: waits for all that were queued before.
pub(crate) extern "system" fn flush() {
    let mut queues = queues();
    let last = queues.last;
    while queues.has(|number, _, _| number <= last) {
        queues = CHANGED.wait(queues).unwrap_or_else(PoisonError::into_inner);
    }
}

impl Queues {
    fn waiting(&self) -> usize {
        self.processors.iter().map(|processor| processor.waiting.len()).sum()
    }

    fn is_waiting(&self, wanted: impl Fn(&Queued) -> bool) -> bool {
        self.processors.iter().flat_map(|processor| &processor.waiting).any(wanted)
    }

    /// Whether a DPC waits or runs whose number, object and routine are wanted.
    fn has(&self, wanted: impl Fn(u64, usize, usize) -> bool) -> bool {
        self.is_waiting(|queued| wanted(queued.number, queued.dpc, queued.routine as usize))
            || self
                .processors
                .iter()
                .filter_map(|processor| processor.running)
                .any(|(number, dpc, routine)| wanted(number, dpc, routine))
    }
}

/// Whether a DPC waits whose object lies in this memory.
pub(crate) fn is_queued_within(memory: Range<usize>) -> bool {
    queues().is_waiting(|queued| memory.contains(&queued.dpc))
}

/// Reports a DPC of `image`, which is about to go, that waits or runs; one that waits is taken away.
pub(crate) fn report_left(image: &images::Image) {
    let mut queues = queues();
    if queues.has(|_, dpc, routine| image.holds(dpc) || image.holds(routine)) {
        report::broken_by(&image.name, image.base, format_args!("is unloaded with a DPC queued or running"));
    }
    for processor in &mut queues.processors {
        processor.waiting.retain(|queued| !image.holds(queued.dpc) && !image.holds(queued.routine as usize));
    }
}
