//! The gate before every routine of the table: checks the level, remembers the caller, and goes on to the routine.
//!
//! A gate knows nothing of its routine's parameters: it saves the registers that carry them, asks [`enter`], restores
//! them and jumps, so that the routine returns to the driver.

#![expect(unsafe_code, reason = "exports routines whose parameters it passes on untouched")]

use std::ffi::c_void;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::level::{APC, DISPATCH, PASSIVE};
use crate::limit::{Limit, PAGED_FLAG, PAGED_TYPE};
use crate::routines::routines;
use crate::{irql, report, thread, wine};

/// Where a gate leads.
pub(crate) enum Target {
    /// To the routine of this name in Wine's ntoskrnl.exe.
    Wine,
    /// To the routine of this name in the library.
    Library(&'static str),
    /// To an own one.
    Own(fn() -> *const c_void),
}

/// A routine that drivers import.
pub(crate) struct Routine {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Where it may be called.
    pub(crate) limit: Limit,
    target: Target,
}

/// What a gate finds on the stack: what it saved, and what the caller left there.
#[repr(C)]
pub(crate) struct Frame {
    registers: [usize; 4],
    unused: usize,
    caller: usize,
    home: [usize; 4],
}

impl Frame {
    /// Where the routine will return to.
    pub(crate) fn caller(&self) -> usize {
        self.caller
    }

    /// The parameter with this index; the fifth and later ones lie behind the home of the registers.
    pub(crate) fn argument(&self, index: usize) -> usize {
        match self.registers.get(index) {
            Some(register) => *register,
            None => {
                let first = self.home.as_ptr_range().end;
                let place = first.wrapping_add(index - self.registers.len());
                // SAFETY: the table says how many parameters the routine has, and the caller left them there.
                unsafe { place.read() }
            }
        }
    }
}

/// What every gate asks first. Answers where to go on.
extern "system" fn enter(index: u32, frame: &Frame) -> *const c_void {
    enter_from(index, frame, frame.caller)
}

/// As a gate, for a call that is known to come from the code at `caller`.
pub(crate) fn enter_from(index: u32, frame: &Frame, caller: usize) -> *const c_void {
    let routine = &ROUTINES[index as usize];
    let level = irql::current();
    if let Some(limit) = routine.limit.exceeded_by(level, |index| frame.argument(index)) {
        report::wrong_level(caller, routine.name, level, format_args!("{limit}"));
    }
    thread::with(|thread| thread.caller.set(caller));
    let found = &FOUND[index as usize];
    let address = found.load(Ordering::Relaxed);
    if !address.is_null() {
        return address;
    }
    let address = routine.find();
    found.store(address.cast_mut(), Ordering::Relaxed);
    address
}

impl Routine {
    #[cold]
    fn find(&self) -> *const c_void {
        let found = match &self.target {
            Target::Own(own) => own(),
            Target::Wine => wine::routine(self.name),
            Target::Library(library) => wine::routine_of(library, self.name),
        };
        if found.is_null() {
            report::line(format_args!("{} is called, and this Wine does not have it", self.name));
            std::process::abort();
        }
        found
    }
}

/// The index of a routine that has a gate, by name.
pub(crate) fn index_of(name: &str) -> Option<u32> {
    let index = ROUTINES.iter().position(|routine| routine.name == name)?;
    u32::try_from(index).ok()
}

macro_rules! gates {
    ($($name:ident, $limit:expr, $target:expr;)*) => {
        #[repr(u32)]
        enum Row { $($name),* }

        static ROUTINES: &[Routine] = &[$(
            Routine { name: stringify!($name), limit: $limit, target: $target }
        ),*];

        /// Where each routine is; NULL until it is first called.
        static FOUND: [AtomicPtr<c_void>; COUNT] = [const { AtomicPtr::new(std::ptr::null_mut()) }; COUNT];
        const COUNT: usize = [$(stringify!($name)),*].len();

        mod exported {
            use super::{Row, enter};
            $(
                #[unsafe(naked)]
                #[unsafe(no_mangle)]
                pub(super) unsafe extern "system" fn $name() {
                    std::arch::naked_asm!(
                        "sub rsp, 0x48",
                        "mov [rsp + 0x20], rcx",
                        "mov [rsp + 0x28], rdx",
                        "mov [rsp + 0x30], r8",
                        "mov [rsp + 0x38], r9",
                        "mov ecx, {index}",
                        "lea rdx, [rsp + 0x20]",
                        "call {enter}",
                        "mov rcx, [rsp + 0x20]",
                        "mov rdx, [rsp + 0x28]",
                        "mov r8, [rsp + 0x30]",
                        "mov r9, [rsp + 0x38]",
                        "add rsp, 0x48",
                        "jmp rax",
                        index = const Row::$name as u32,
                        enter = sym enter,
                    )
                }
            )*
        }
    };
}

routines!(gates);
