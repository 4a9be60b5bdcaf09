//! One event, and its line in the log.

use super::{Side, Step};
use crate::registration::RegistrationName;
use core::fmt;
use nmr_abi::{ModuleId, NpiId, Status};

/// A step that has happened, and what there is to say of it.
#[derive(Clone, Copy)]
pub struct Event<'a> {
    /// The driver.
    pub driver: &'static str,
    /// The registration; `None` for steps of the driver as a whole.
    pub(crate) subject: Option<&'a Subject>,
    /// The step.
    pub step: Step,
    pub(crate) facts: &'a Facts<'a>,
}

/// A registration, as events name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) registration: RegistrationName,
    pub(crate) side: Side,
    pub(crate) npi_name: &'static str,
    pub(crate) npi: &'static NpiId,
}

/// What there is to say of a step, besides which registration it is of.
#[derive(Clone, Copy, Default)]
pub(crate) struct Facts<'a> {
    /// The number of the binding, as in the snapshot.
    pub(crate) binding: Option<u64>,
    /// The peer: `Some(None)` is one without a module id.
    pub(crate) peer: Option<Option<ModuleId>>,
    /// Why.
    pub(crate) reason: Option<&'a dyn fmt::Display>,
    /// How many; what it counts is known from the step.
    pub(crate) count: Option<u64>,
    /// What NMR was answered, or answered itself.
    pub(crate) status: Option<Status>,
}

/// Facts are large and made in many places. Made out of line they take a tenth off an attach callback.
impl<'a> Facts<'a> {
    #[inline(never)]
    pub(crate) const fn of_status(status: Status) -> Self {
        Self { status: Some(status), ..Self::NONE }
    }

    #[inline(never)]
    pub(crate) const fn of_count(count: u64) -> Self {
        Self { count: Some(count), ..Self::NONE }
    }

    #[inline(never)]
    pub(crate) const fn of_peer(peer: Option<ModuleId>) -> Self {
        Self { peer: Some(peer), ..Self::NONE }
    }

    const NONE: Self = Self { binding: None, peer: None, reason: None, count: None, status: None };

    /// The same, and `status`.
    #[inline(never)]
    pub(crate) const fn with_status(&self, status: Status) -> Self {
        Self { status: Some(status), ..*self }
    }

    /// The same, and `count`.
    #[inline(never)]
    pub(crate) const fn with_count(&self, count: u64) -> Self {
        Self { count: Some(count), ..*self }
    }

    /// The same, and the number of the binding.
    #[inline(never)]
    pub(crate) const fn with_binding(&self, binding: u64) -> Self {
        Self { binding: Some(binding), ..*self }
    }

    /// The same, and why.
    #[inline(never)]
    pub(crate) const fn because(&self, reason: &'a dyn fmt::Display) -> Self {
        Self { reason: Some(reason), ..*self }
    }
}

impl Event<'_> {
    /// The registration's name in the declaration; empty for steps of the driver as a whole.
    pub fn registration(&self) -> &'static str {
        self.subject.map_or("", |subject| subject.registration.declared())
    }

    /// The side of the NPI, if the step is of a registration.
    pub fn side(&self) -> Option<Side> {
        self.subject.map(|subject| subject.side)
    }

    /// The NPI, if the step is of a registration.
    pub fn npi(&self) -> Option<NpiId> {
        self.subject.map(|subject| *subject.npi)
    }

    /// The number of the binding, if the step is of one.
    pub fn binding(&self) -> Option<u64> {
        self.facts.binding
    }

    /// The module id of the peer, if there is a peer and it has one.
    pub fn peer(&self) -> Option<ModuleId> {
        self.facts.peer.flatten()
    }

    /// What NMR was answered, or answered itself.
    pub fn status(&self) -> Option<Status> {
        self.facts.status
    }

    /// How many bindings are attached or left, or peers have been refused, as the step has it.
    pub fn count(&self) -> Option<u64> {
        self.facts.count
    }

    /// Whether the status is what this driver answered NMR, and not what NMR answered.
    const fn is_answer(step: Step) -> bool {
        matches!(step, Step::Refuse | Step::Detach)
    }

    /// The unit of the count.
    const fn unit(step: Step) -> &'static str {
        match step {
            Step::Refuse => "refused for want of room",
            Step::Register => "attached",
            _ => "bindings left",
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { driver, subject, step, facts } = self;
        write!(f, "nmr: {driver}: {}", step.text())?;
        if let Some(Subject { registration, side, npi_name, .. }) = subject {
            write!(f, " {registration} ({side} of {npi_name})")?;
        }
        let mut separator = ": ";
        let mut say = |words: fmt::Arguments<'_>| {
            f.write_str(core::mem::replace(&mut separator, ", "))?;
            f.write_fmt(words)
        };
        if let (Step::Register, Some(subject)) = (step, subject) {
            say(format_args!("NPI {}", subject.npi))?;
        }
        if let Some(binding) = facts.binding {
            say(format_args!("binding {binding}"))?;
        }
        match facts.peer {
            Some(Some(module_id)) => say(format_args!("peer {module_id}"))?,
            Some(None) => say(format_args!("peer without a module id"))?,
            None => {}
        }
        if let Some(reason) = facts.reason {
            say(format_args!("{reason}"))?;
        }
        if let Some(count) = facts.count {
            say(format_args!("{count} {}", Self::unit(*step)))?;
        }
        match facts.status {
            Some(status) if Self::is_answer(*step) => say(format_args!("answered {status}")),
            Some(status) => say(format_args!("{status}")),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use nmr_abi::Guid;
    use std::string::ToString;

    const SUBJECT: Subject = Subject {
        registration: RegistrationName::of("echo"),
        side: Side::Client,
        npi_name: "echo_npi",
        npi: &Guid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
    };

    fn line(step: Step, facts: Facts<'_>) -> std::string::String {
        Event { driver: "Composite", subject: Some(&SUBJECT), step, facts: &facts }.to_string()
    }

    #[test]
    fn a_line_says_what_there_is_to_say_in_one_order() {
        let peer = Some(Some(ModuleId::from_guid(Guid::from_u128(5))));
        let facts = Facts {
            binding: Some(4),
            peer,
            reason: Some(&"no room"),
            count: Some(3),
            status: Some(Status::INSUFFICIENT_RESOURCES),
        };
        assert_eq!(
            line(Step::Refuse, facts),
            "nmr: Composite: refuse echo (client of echo_npi): binding 4, \
             peer 00000000-0000-0000-0000-000000000005, no room, 3 refused for want of room, \
             answered STATUS_INSUFFICIENT_RESOURCES"
        );
    }

    #[test]
    fn the_npi_is_named_at_register_only() {
        let facts = Facts { count: Some(1), ..Facts::default() };
        assert_eq!(
            line(Step::Register, facts),
            "nmr: Composite: register echo (client of echo_npi): NPI 00112233-4455-6677-8899-aabbccddeeff, 1 attached"
        );
        assert_eq!(
            line(Step::Deregistered, facts),
            "nmr: Composite: deregistered echo (client of echo_npi): 1 bindings left"
        );
    }

    #[test]
    fn with_nothing_to_say_the_line_ends_early() {
        assert_eq!(line(Step::Wait, Facts::default()), "nmr: Composite: wait echo (client of echo_npi)");
        let event =
            Event { driver: "Composite", subject: None, step: Step::Unloaded, facts: &Facts::default() };
        assert_eq!(event.to_string(), "nmr: Composite: unloaded");
    }

    #[test]
    fn a_peer_without_a_module_id_is_said_to_be_one() {
        let facts = Facts { peer: Some(None), status: Some(Status::PENDING), ..Facts::default() };
        assert_eq!(
            line(Step::Declined, facts),
            "nmr: Composite: declined echo (client of echo_npi): peer without a module id, STATUS_PENDING"
        );
    }
}
