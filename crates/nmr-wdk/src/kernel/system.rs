//! The kernel as the framework's system.

#![expect(unsafe_code, reason = "implements a trait that promises things about memory and threads")]

use super::dpc::{self, KernelDpc};
use super::event::KernelEvent;
use super::lock::KernelLock;
use super::{clock, etw, irql, log, parameters, processor, stop, thread};
use core::ffi::c_void;
use core::fmt;
use core::time::Duration;
use nmr::{Event, Failure, Level, MayWait, RawThread, Result, System, ThreadEntry};

/// The system that drivers run on: here the Windows kernel.
#[derive(Clone, Copy, Debug)]
pub struct Kernel(());

impl Kernel {
    /// There is one.
    #[expect(clippy::new_without_default, reason = "made once, by driver_entry!, in a constant expression")]
    pub const fn new() -> Self {
        Self(())
    }
}

// SAFETY: a system thread runs its entry point once, and its object is signalled when it has ended.
unsafe impl System for Kernel {
    type Lock = KernelLock;
    type Event = KernelEvent;
    type Dpc = KernelDpc;

    fn processor() -> usize {
        processor::current()
    }

    fn thread() -> usize {
        thread::current()
    }

    fn irql() -> u8 {
        irql::current()
    }

    unsafe fn enter_critical_region() -> bool {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { irql::enter_critical_region() }
    }

    unsafe fn leave_critical_region() {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { irql::leave_critical_region() };
    }

    unsafe fn raise_to_dispatch(&self) -> u8 {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { irql::raise_to_dispatch() }
    }

    unsafe fn lower(&self, before: u8) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { irql::lower(before) };
    }

    fn active_processors(&self) -> usize {
        processor::active()
    }

    unsafe fn queue_dpc(&self, dpc: &'static KernelDpc, processor: usize) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { dpc.queue(processor) };
    }

    fn flush_dpcs(&self, _: &MayWait<'_>) {
        dpc::flush();
    }

    unsafe fn spawn(&self, entry: ThreadEntry, context: *mut c_void) -> Result<RawThread> {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { thread::spawn(entry, context) }
    }

    unsafe fn join(&self, _: &MayWait<'_>, thread: RawThread) {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { thread::join(thread) };
    }

    unsafe fn ends_within(&self, _: &MayWait<'_>, thread: &RawThread, limit: Duration) -> bool {
        // SAFETY: the caller keeps the contract of this very call.
        unsafe { thread::ends_within(thread, limit) }
    }

    fn now(&self) -> Duration {
        clock::now()
    }

    fn report_blocker(&self, may_wait: &MayWait<'_>, line: fmt::Arguments<'_>) {
        parameters::set_unload_blocker(line, may_wait);
    }

    fn sleep(&self, _: &MayWait<'_>, time: Duration) {
        thread::sleep(time);
    }

    fn write(&self, level: Level, line: fmt::Arguments<'_>) {
        log::write(level, line);
    }

    fn trace(&self, event: &Event<'_>) {
        etw::trace(event);
    }

    fn stop(&self, failure: Failure) -> ! {
        stop::on_failure(failure)
    }
}
