//! What happens to registrations and bindings, each step one event: a line for a kernel debugger, and a record for ETW.
//!
//! A line is `nmr: <driver>: <step> <registration> (<side> of <NPI>)`, then, after a colon, what there is to say: the
//! NPI's identifier at `register`, the number of the binding, the peer's module id, a reason, a count, the status that NMR
//! was answered or gave. Numbers of bindings are those of the [snapshot](crate::snapshot). A line is never longer than a
//! debugger prints at once, and is one line, so that people and `grep` can read it alike.
//!
//! ```text
//! nmr: Composite: register echo (client of echo): NPI 6b4d..., as a4b1..., number 0, 1 attached
//! nmr: Composite: attach echo (client of echo): binding 0, peer a4b1...
//! nmr: Composite: refuse relay (provider of relay): peer 5e6a..., the declared capacity is in use, 3 refused for want of room, answered STATUS_INSUFFICIENT_RESOURCES
//! ```

mod event;
mod step;

pub use event::Event;
pub(crate) use event::{Facts, Subject};
pub use step::{Level, Step};

use crate::{Driver, System};
use core::fmt;

/// Tells the log, and whoever listens to ETW, what has happened. IRQL <= DISPATCH_LEVEL.
///
/// Kept out of its callers, who are many: in their place it would take a tenth of an image.
#[inline(never)]
pub(crate) fn tell<D: Driver>(driver: &D, subject: Option<&Subject>, step: Step, facts: &Facts<'_>) {
    let event = event::<D>(subject, step, facts);
    driver.system().write(step.level(), format_args!("{event}"));
    driver.system().trace(&event);
}

/// What has happened to `D`, as a value.
pub(crate) const fn event<'a, D: Driver>(
    subject: Option<&'a Subject>,
    step: Step,
    facts: &'a Facts<'a>,
) -> Event<'a> {
    Event { driver: D::NAME, subject, step, facts }
}

/// Which side of an NPI a registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// A client module: it calls providers.
    Client,
    /// A provider module: it serves clients.
    Provider,
}

impl Side {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Provider => "provider",
        }
    }

    pub(crate) const fn in_snapshot(self) -> nmr_abi::attachments::ModuleSide {
        match self {
            Self::Client => nmr_abi::attachments::ModuleSide::CLIENT,
            Self::Provider => nmr_abi::attachments::ModuleSide::PROVIDER,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
