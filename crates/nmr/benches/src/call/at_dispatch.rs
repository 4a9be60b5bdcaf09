//! Calls at DISPATCH_LEVEL, which are counted nowhere.

#![expect(unsafe_code, reason = "says that the measuring thread is an ordinary one")]

use nmr::{Driver as _, MayWait, PeerRef};

use super::calls_in_a_row;
use crate::echo::Pair;
use crate::echo::echo::Provider as _;
use crate::paired::Design;

/// The IRQL is raised once for all calls, as in a DPC that makes them.
pub(super) fn design(pair: &Pair) -> Design<'static> {
    let driver = pair.caller();
    let peer = driver.at_dispatch.oldest_peer().expect("the provider is attached").peer_ref();
    Design::new("at_dispatch", move |_, count| {
        // SAFETY: a thread of this program, in no callback of NMR.
        let mut may_wait = unsafe { MayWait::assume() };
        may_wait.at_dispatch(driver.system(), |at| {
            calls_in_a_row(&peer, count, |peer: &PeerRef<_>, value| {
                peer.call_at_dispatch(at, |provider| provider.echo(value)).unwrap_or_default()
            });
        });
    })
}
