//! The functions of `nmr_sim.h`: what a C program chooses and asks.

#![expect(unsafe_code, reason = "exports C functions, which trust their callers with pointers")]

use super::ledger::say;
use super::process_world::{self, current};
use crate::builder::Sizes;
use crate::contract::Rule;
use crate::irql::{self, Irql};
use crate::side::Side;
use nmr_abi::{ModuleId, NpiId, Status};
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};

const PASSIVE_LEVEL: u8 = 0;

thread_local! {
    /// The level that the thread set. Without a destructor, so that a thread which is ending has it still.
    static LEVEL: Cell<u8> = const { Cell::new(PASSIVE_LEVEL) };
}

/// The text at `text`; if it is none, that is said.
///
/// # Safety
/// `text` is NULL or the address of a string that ends in a zero.
unsafe fn text<'a>(text: *const c_char, function: &str, what: &str) -> Option<&'a str> {
    if text.is_null() {
        say(&format!("{function}: {what} is NULL"));
        return None;
    }
    // SAFETY: not NULL, and a string by this function's contract.
    let text = unsafe { CStr::from_ptr(text) };
    let text = text.to_str().ok();
    if text.is_none() {
        say(&format!("{function}: {what} is not UTF-8"));
    }
    text
}

/// Chooses a setting of the worlds to come.
///
/// # Safety
/// Both are NULL or the addresses of strings that end in a zero.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn nmr_sim_set(setting: *const c_char, value: *const c_char) -> Status {
    let function = "nmr_sim_set";
    // SAFETY: this function's contract.
    let setting = unsafe { text(setting, function, "the setting") };
    // SAFETY: as above.
    let value = unsafe { text(value, function, "the value") };
    let (Some(setting), Some(value)) = (setting, value) else { return Status::INVALID_PARAMETER };
    match process_world::set(setting, value) {
        Ok(()) => Status::SUCCESS,
        Err(wrong) => {
            say(&format!("{function}: {wrong}"));
            Status::INVALID_PARAMETER
        }
    }
}

/// Gives the process a new world; answers how many registrations are left in the old one.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_reset() -> u64 {
    process_world::reset() as u64
}

/// Sets the level that the calling thread stands for, and answers the one that it had set before.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_set_irql(level: u8) -> u8 {
    let before = LEVEL.replace(level);
    irql::exchange(level_of(before), level_of(level));
    before
}

const fn level_of(number: u8) -> Irql {
    match number {
        0 => Irql::Passive,
        1 => Irql::Apc,
        2 => Irql::Dispatch,
        _ => Irql::Device,
    }
}

/// The level that the calling thread stands for: what it set, or higher where the world has raised it for a callback.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_irql() -> u8 {
    LEVEL.get().max(match Irql::current() {
        Irql::Passive => 0,
        Irql::Apc => 1,
        Irql::Dispatch | Irql::Device => 2,
    })
}

/// Holds back what clients complete from here on, or what providers do.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_hold_completions(clients: u8) {
    current().world.hold_completions(side(clients));
}

/// Lets the completions arrive that were held back; answers how many there were.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_release_completions(clients: u8) -> u64 {
    current().world.release_completions(side(clients)) as u64
}

/// A BOOLEAN as a side.
const fn side(clients: u8) -> Side {
    if clients == 0 { Side::Provider } else { Side::Client }
}

/// Makes the `nth` call from here fail that may fail; none with 0.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_fail_nth(nth: u64) {
    current().world.fail_nth(nth);
}

/// How many calls that may fail were made since the last `nmr_sim_fail_nth`.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_fallible_calls() -> u64 {
    current().world.fallible_calls()
}

/// Says how large the things are that modules of an NPI show to each other, in the worlds to come.
///
/// # Safety
/// `npi` is NULL or the address of an NPI's identifier.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn nmr_sim_set_sizes(
    npi: *const NpiId,
    client_characteristics: usize,
    client_dispatch: usize,
    provider_characteristics: usize,
    provider_dispatch: usize,
) -> Status {
    // SAFETY: this function's contract.
    let Some(npi) = (unsafe { npi.as_ref() }) else {
        say("nmr_sim_set_sizes: the NPI is NULL");
        return Status::INVALID_PARAMETER;
    };
    let sizes =
        Sizes { client_characteristics, client_dispatch, provider_characteristics, provider_dispatch };
    process_world::set_sizes(*npi, sizes);
    Status::SUCCESS
}

/// Memory for a module; NULL if that was asked for.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_allocate(size: usize) -> *mut c_void {
    current().world.allocate(size)
}

/// Frees what `nmr_sim_allocate` gave.
///
/// # Safety
/// Nothing uses the memory after this.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn nmr_sim_free(memory: *mut c_void) {
    // SAFETY: this function's contract.
    unsafe { current().world.free(memory) };
}

/// How often the rule of this name was broken; any, if it is NULL.
///
/// # Safety
/// `rule` is NULL or the address of a string that ends in a zero.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn nmr_sim_violations(rule: *const c_char) -> u64 {
    let made = current();
    made.world.judge_memory();
    let ledger = &made.ledger;
    if rule.is_null() {
        return ledger.count(None);
    }
    // SAFETY: this function's contract.
    let Some(name) = (unsafe { text(rule, "nmr_sim_violations", "the rule") }) else { return 0 };
    let Some(rule) = Rule::ALL.iter().find(|rule| rule.name() == name) else {
        let all: Vec<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        say(&format!("nmr_sim_violations: `{name}` is no rule; there are {}", all.join(", ")));
        return 0;
    };
    ledger.count(Some(*rule))
}

/// Writes the text of a violation as `snprintf` would, and answers its length.
///
/// # Safety
/// `buffer` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn nmr_sim_violation_text(
    index: u64,
    buffer: *mut c_char,
    size: usize,
) -> usize {
    let made = current();
    let kept = usize::try_from(index).ok().and_then(|index| made.ledger.text(index));
    // SAFETY: this function's contract.
    unsafe { give(kept.unwrap_or_default().as_str(), buffer, size) }
}

/// Writes what happened in the world as `snprintf` would, in the form that is asked for, and answers its length.
///
/// # Safety
/// `form` is NULL or the address of a string that ends in a zero; `buffer` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn nmr_sim_story(
    form: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> usize {
    let made = current();
    let world = &made.world;
    // SAFETY: this function's contract.
    let story = match unsafe { text(form, "nmr_sim_story", "the form") } {
        Some("events") => world.story(),
        Some("diagram") => world.diagram(),
        Some("mermaid") => world.mermaid(),
        Some("json") => world.json(),
        Some(other) => {
            say(&format!("nmr_sim_story: `{other}` is no form; there are events, diagram, mermaid, json"));
            String::new()
        }
        None => String::new(),
    };
    // SAFETY: this function's contract.
    unsafe { give(&story, buffer, size) }
}

/// Writes as much of `text` to `buffer` as there is room for, and a zero behind it. Answers the length of the whole.
///
/// # Safety
/// `buffer` is NULL or has room for `size` bytes.
unsafe fn give(text: &str, buffer: *mut c_char, size: usize) -> usize {
    if !buffer.is_null() && size > 0 {
        let fits = text.len().min(size - 1);
        // SAFETY: there is room for `fits` bytes and one more, and `text` has as many.
        unsafe { buffer.copy_from_nonoverlapping(text.as_ptr().cast(), fits) };
        // SAFETY: `fits` is less than `size`.
        let end = unsafe { buffer.add(fits) };
        // SAFETY: as above.
        unsafe { end.write(0) };
    }
    text.len()
}

/// How many registrations there are that were not waited for.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_registrations() -> u64 {
    current().world.left().registrations.len() as u64
}

/// How many blocks of memory there are that were not freed.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_allocations() -> u64 {
    current().world.left().memory as u64
}

/// How many bindings there are, from the offer to the last cleanup.
#[unsafe(no_mangle)]
pub(crate) extern "system" fn nmr_sim_bindings() -> u64 {
    current().world.left().bindings as u64
}

/// Says that the module of this identifier is unloaded, or every module if it is NULL: each registration that is left
/// breaks the rule `left-behind`. Answers how many there are.
///
/// # Safety
/// `module` is NULL or the address of a module identifier.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "system" fn nmr_sim_module_unloaded(module: *const ModuleId) -> u64 {
    // SAFETY: this function's contract.
    let module = unsafe { module.as_ref() };
    let world = &current().world;
    let left = match module {
        Some(module) => world.module_unloaded(module),
        None => world.all_unloaded(),
    };
    left as u64
}
