//! The lines of the log, one for each step in the life of a registration and of a binding.
//!
//! `nmr: <driver>: <step> <registration> (<role> of <NPI>)<details>`, so that a kernel debugger's log and the lab can be
//! read by people and by `grep` alike.

use crate::registration::RegistrationName;
use core::fmt;

/// Which side of an NPI a registration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// A client module: it calls providers.
    Client,
    /// A provider module: it serves clients.
    Provider,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Provider => "provider",
        })
    }
}

/// Names a registration in the log: `<driver>: <step> <registration> (<side> of <NPI>)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) driver: &'static str,
    pub(crate) registration: RegistrationName,
    pub(crate) side: Side,
    pub(crate) npi: &'static str,
}

impl Subject {
    /// The line for one step of this registration.
    pub(crate) fn step<D: fmt::Display>(self, step: &'static str, details: D) -> Line<D> {
        Line { subject: self, step, details }
    }
}

pub(crate) struct Line<D> {
    subject: Subject,
    step: &'static str,
    details: D,
}

impl<D: fmt::Display> fmt::Display for Line<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject { driver, registration, side, npi } = self.subject;
        write!(f, "nmr: {driver}: {} {registration} ({side} of {npi}){}", self.step, self.details)
    }
}
