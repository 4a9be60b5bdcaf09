//! Reader-writer locks: a spinning one and that of std.

use std::sync::PoisonError;

use super::calls_in_a_row;
use crate::echo::BarePeer;
use crate::paired::Design;

pub(super) fn of_spin(peer: BarePeer) -> Design<'static> {
    let lock = spin::RwLock::new(peer);
    Design::new("spin_rwlock", move |_, count| {
        calls_in_a_row(&lock, count, |lock: &spin::RwLock<BarePeer>, value| lock.read().call(value));
    })
}

pub(super) fn of_std(peer: BarePeer) -> Design<'static> {
    let lock = std::sync::RwLock::new(peer);
    Design::new("std_rwlock", move |_, count| {
        calls_in_a_row(&lock, count, |lock: &std::sync::RwLock<BarePeer>, value| {
            lock.read().unwrap_or_else(PoisonError::into_inner).call(value)
        });
    })
}
