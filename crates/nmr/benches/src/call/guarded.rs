//! The framework's guard, below DISPATCH_LEVEL: for each call, for a burst of calls, and held over all of them.

use std::hint::black_box;

use nmr::{PeerRef, Role};

use super::calls_in_a_row;
use crate::echo::Pair;
use crate::echo::echo::{Provider as _, ProviderCalls};
use crate::paired::Design;

const ATTACHED: &str = "the provider is attached";

/// Calls in a burst.
const BURST: u64 = 16;

/// A reference to the peer, and a guard for each call.
fn by_reference<R>(name: &'static str, peer: PeerRef<R>) -> Design<'static>
where
    R: Role<PeerCalls = ProviderCalls>,
{
    Design::new(name, move |_, count| {
        calls_in_a_row(&peer, count, |peer: &PeerRef<R>, value| {
            peer.call(|provider| provider.echo(value)).unwrap_or_default()
        });
    })
}

/// One word counts the calls of all processors.
pub(super) fn one_shard(pair: &Pair) -> Design<'static> {
    by_reference("one_shard", pair.caller().one_shard.oldest_peer().expect(ATTACHED).peer_ref())
}

/// Each processor counts for itself.
pub(super) fn sixteen_shards(pair: &Pair) -> Design<'static> {
    by_reference("sixteen_shards", pair.caller().sixteen_shards.oldest_peer().expect(ATTACHED).peer_ref())
}

/// Without a reference: the registration is asked for its oldest peer each time.
pub(super) fn oldest_peer(pair: &Pair) -> Design<'static> {
    let registration = &pair.caller().sixteen_shards;
    Design::new("oldest_peer", move |_, count| {
        calls_in_a_row(registration, count, |registration, value| {
            registration.oldest_peer().map_or(0, |peer| peer.echo(value))
        });
    })
}

/// A guard for 16 calls, each of which asks whether the binding has begun to close.
pub(super) fn burst_of_16(pair: &Pair) -> Design<'static> {
    let peer = pair.caller().sixteen_shards.oldest_peer().expect(ATTACHED).peer_ref();
    Design::new("burst_of_16", move |_, count| {
        calls_in_a_row(&peer, count.div_ceil(BURST), |peer: &PeerRef<_>, value| {
            let mut burst = peer.burst(BURST as usize);
            while let Some(provider) = burst.as_mut().and_then(nmr::Burst::next_call) {
                black_box(black_box(provider).echo(value));
            }
            value
        });
    })
}

/// A guard that a driver keeps for long.
pub(super) fn held_guard(pair: &Pair) -> Design<'_> {
    let held = pair.caller().sixteen_shards.oldest_peer().expect(ATTACHED).hold();
    Design::new("held_guard", move |_, count| calls_in_a_row(&*held, count, ProviderCalls::echo))
}
