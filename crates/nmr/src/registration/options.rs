//! What the declaration says of a registration.

use crate::OwnCharacteristics;
use core::fmt;
use nmr_abi::ModuleId;

/// What a registration accepts. `driver!` fills it in from the declaration.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The name in the declaration.
    pub name: &'static str,
    /// How many peers may be attached at a time.
    pub policy: Policy,
    /// Whether the driver may attach to itself.
    pub accept_self: bool,
    /// Whether it is registered when the driver is loaded; otherwise the driver activates it.
    pub at_load: bool,
    /// Who the registration says it is, if not simply the driver: some NPIs tell modules apart by it.
    pub module_id: Option<&'static ModuleId>,
    /// The Number that peers see; of several instances, that of the first.
    pub number: u32,
    /// What the NPI defines for this role, which peers see.
    pub characteristics: OwnCharacteristics,
    /// Which of several instances it is.
    pub instance: Option<u32>,
}

impl Options {
    /// The options of one of several instances, of which only the first is registered at load. For `driver!`.
    #[doc(hidden)]
    pub const fn of_instance(self, index: usize) -> Self {
        let instance = index as u32;
        let number = self.number.wrapping_add(instance);
        Self { at_load: self.at_load && index == 0, number, instance: Some(instance), ..self }
    }

    /// The name in logs.
    pub(super) const fn full_name(&self) -> RegistrationName {
        RegistrationName { name: self.name, instance: self.instance }
    }
}

/// What logs call a registration: `hook`, or of several instances `hook[2]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RegistrationName {
    name: &'static str,
    instance: Option<u32>,
}

impl RegistrationName {
    pub(super) const EMPTY: Self = Self { name: "", instance: None };

    #[cfg(test)]
    pub(crate) const fn of(name: &'static str) -> Self {
        Self { name, instance: None }
    }

    /// The name in the declaration.
    pub(crate) const fn declared(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for RegistrationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instance {
            None => f.write_str(self.name),
            Some(instance) => write!(f, "{}[{instance}]", self.name),
        }
    }
}

/// How many peers a registration accepts, within its capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// As many as there is capacity for.
    All,
    /// One at a time; the others are refused, and NMR does not offer them again. A peer that is being let go has no say any
    /// more: the next may come as soon as there is capacity, while the last calls into the one before return.
    One,
    /// As many as there is capacity for, of which the oldest is used and the next takes over:
    /// [`Registration::oldest_peer`](crate::Registration::oldest_peer).
    FirstOf,
}
