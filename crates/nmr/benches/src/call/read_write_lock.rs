//! Reader-writer locks: a spinning one and that of std.

use std::sync::PoisonError;

use super::calls_in_a_row;
use crate::echo::{BARE_BINDING, BareBinding};
use crate::paired::Design;

pub(super) fn of_spin() -> Design<'static> {
    let lock = spin::RwLock::new(BARE_BINDING);
    Design::new("spin_rwlock", move |_, count| {
        calls_in_a_row(&lock, count, |lock: &spin::RwLock<BareBinding>, value| lock.read().call(value));
    })
}

pub(super) fn of_std() -> Design<'static> {
    let lock = std::sync::RwLock::new(BARE_BINDING);
    Design::new("std_rwlock", move |_, count| {
        calls_in_a_row(&lock, count, |lock: &std::sync::RwLock<BareBinding>, value| {
            lock.read().unwrap_or_else(PoisonError::into_inner).call(value)
        });
    })
}
