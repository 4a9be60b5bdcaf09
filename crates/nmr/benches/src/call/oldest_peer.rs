//! The framework's guard, found through the registration each time, or held over all calls.

use super::calls_in_a_row;
use crate::echo::echo::{Provider as _, ProviderCalls};
use crate::echo::{Caller, Pair};
use crate::paired::Design;

/// A guard for each call.
pub(super) fn call(pair: &Pair) -> Design<'_> {
    let driver = pair.caller.driver();
    Design::new("oldest_peer", move |_, count| {
        calls_in_a_row(driver, count, |driver: &'static Caller, value| {
            driver.one_shard.oldest_peer().map_or(0, |peer| peer.echo(value))
        });
    })
}

/// One guard for all calls.
pub(super) fn held_outside(pair: &Pair) -> Design<'_> {
    let driver = pair.caller.driver();
    Design::new("held_guard", |_, count| {
        let guard = driver.one_shard.oldest_peer().expect("the provider is attached");
        calls_in_a_row(&*guard, count, ProviderCalls::echo);
    })
}
