//! What a C program can choose about its worlds: by name, in a call or in the environment.

use crate::builder::{Order, WorldBuilder};
use crate::irql::Irql;
use crate::schedule::SeededSchedule;
use std::time::Duration;

/// What happens when a module breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnViolation {
    /// It is written to standard error and kept; the function answers as documented for the rule.
    Report,
    /// As `Report`; then the process is aborted, unless it is only a warning.
    Abort,
    /// It is kept.
    Collect,
    /// It is counted.
    Count,
}

/// What becomes of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    /// None are made.
    Off,
    /// They are kept.
    Record,
    /// They are written to standard error.
    Print,
}

/// The settings of the worlds to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) on_violation: OnViolation,
    detach_order: Option<Order>,
    cleanup_order: Option<Order>,
    detach_irql: Irql,
    cleanup_for_null_context: bool,
    idle_deregister_succeeds: bool,
    cleanup_overtakes_detach: bool,
    wait_covers_detach: bool,
    seed: Option<u64>,
    pub(crate) wait_report: Option<Duration>,
    pub(crate) wait_limit: Option<Duration>,
    pub(crate) fail_nth: u64,
    pub(crate) events: Events,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            on_violation: OnViolation::Report,
            detach_order: None,
            cleanup_order: None,
            detach_irql: Irql::Passive,
            cleanup_for_null_context: true,
            idle_deregister_succeeds: false,
            cleanup_overtakes_detach: true,
            wait_covers_detach: true,
            seed: None,
            wait_report: Some(Duration::from_secs(2)),
            wait_limit: None,
            fail_nth: 0,
            events: Events::Off,
        }
    }
}

/// One setting, as `nmr_sim.h` documents it.
struct Setting {
    name: &'static str,
    /// Which values it takes, for the message about another one.
    values: &'static str,
    /// Takes a value over; `None` if it is none.
    set: fn(&mut Settings, &str) -> Option<()>,
}

const NUMBER: &str = "a number or `none`";
const ORDER: &str = "`client-first`, `provider-first` or `seeded`";
const YES_NO: &str = "`yes` or `no`";

const ALL: [Setting; 13] = [
    Setting {
        name: "on-violation",
        values: "`report`, `abort`, `collect` or `count`",
        set: |settings, value| {
            settings.on_violation = match value {
                "report" => OnViolation::Report,
                "abort" => OnViolation::Abort,
                "collect" => OnViolation::Collect,
                "count" => OnViolation::Count,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        name: "detach-order",
        values: ORDER,
        set: |settings, value| order(value).map(|order| settings.detach_order = Some(order)),
    },
    Setting {
        name: "cleanup-order",
        values: ORDER,
        set: |settings, value| order(value).map(|order| settings.cleanup_order = Some(order)),
    },
    Setting {
        name: "detach-irql",
        values: "`passive`, `apc` or `dispatch`",
        set: |settings, value| {
            settings.detach_irql = match value {
                "passive" => Irql::Passive,
                "apc" => Irql::Apc,
                "dispatch" => Irql::Dispatch,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        name: "cleanup-for-null-context",
        values: YES_NO,
        set: |settings, value| yes(value).map(|yes| settings.cleanup_for_null_context = yes),
    },
    Setting {
        name: "idle-deregister",
        values: "`pending` or `success`",
        set: |settings, value| {
            settings.idle_deregister_succeeds = match value {
                "pending" => false,
                "success" => true,
                _ => return None,
            };
            Some(())
        },
    },
    Setting {
        name: "cleanup-overtakes-detach",
        values: YES_NO,
        set: |settings, value| yes(value).map(|yes| settings.cleanup_overtakes_detach = yes),
    },
    Setting {
        name: "wait-covers-detach",
        values: YES_NO,
        set: |settings, value| yes(value).map(|yes| settings.wait_covers_detach = yes),
    },
    Setting {
        name: "seed",
        values: NUMBER,
        set: |settings, value| number(value).map(|number| settings.seed = number),
    },
    Setting {
        name: "wait-report",
        values: "a number of milliseconds or `none`",
        set: |settings, value| milliseconds(value).map(|time| settings.wait_report = time),
    },
    Setting {
        name: "wait-limit",
        values: "a number of milliseconds or `none`",
        set: |settings, value| milliseconds(value).map(|time| settings.wait_limit = time),
    },
    Setting {
        name: "fail-nth",
        values: NUMBER,
        set: |settings, value| number(value).map(|number| settings.fail_nth = number.unwrap_or(0)),
    },
    Setting {
        name: "events",
        values: "`off`, `record` or `print`",
        set: |settings, value| {
            settings.events = match value {
                "off" => Events::Off,
                "record" => Events::Record,
                "print" => Events::Print,
                _ => return None,
            };
            Some(())
        },
    },
];

/// What the variable of the setting `name` is called.
fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_uppercase().replace('-', "_"))
}

/// How the name of every variable begins.
const PREFIX: &str = "NMR_SIM_";

fn order(value: &str) -> Option<Order> {
    Some(match value {
        "client-first" => Order::ClientFirst,
        "provider-first" => Order::ProviderFirst,
        "seeded" => Order::Scheduled,
        _ => return None,
    })
}

fn yes(value: &str) -> Option<bool> {
    match value {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// `Some(None)` is the value `none`.
fn number(value: &str) -> Option<Option<u64>> {
    if value == "none" { Some(None) } else { value.parse().ok().map(Some) }
}

fn milliseconds(value: &str) -> Option<Option<Duration>> {
    number(value).map(|number| number.map(Duration::from_millis))
}

impl Settings {
    /// The defaults, changed by those of `variables` that are settings.
    ///
    /// # Errors
    /// Each variable that was not understood has a line.
    pub(crate) fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Vec<String>> {
        let mut settings = Self::default();
        let mut wrong = Vec::new();
        for (variable_name, value) in variables {
            if !variable_name.starts_with(PREFIX) {
                continue;
            }
            match ALL.iter().find(|setting| variable(setting.name) == variable_name) {
                Some(setting) => wrong.extend(setting.take(&mut settings, &value).err()),
                None => {
                    let all: Vec<String> = ALL.iter().map(|setting| variable(setting.name)).collect();
                    wrong.push(format!("{variable_name} is no setting; there are {}", all.join(", ")));
                }
            }
        }
        if wrong.is_empty() { Ok(settings) } else { Err(wrong) }
    }

    /// Takes `value` over for the setting `name`.
    ///
    /// # Errors
    /// Says what is wrong with either.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(setting) = ALL.iter().find(|setting| setting.name == name) else {
            let all: Vec<&str> = ALL.iter().map(|setting| setting.name).collect();
            return Err(format!("`{name}` is no setting; there are {}", all.join(", ")));
        };
        setting.take(self, value)
    }

    /// A world with these settings, as far as the world itself knows them.
    pub(crate) fn builder(&self) -> WorldBuilder {
        let order = |order: Option<Order>| match (order, self.seed) {
            (Some(order), _) => order,
            (None, Some(_)) => Order::Scheduled,
            (None, None) => Order::ClientFirst,
        };
        let builder = WorldBuilder::default()
            .detach_order(order(self.detach_order))
            .cleanup_order(order(self.cleanup_order))
            .detach_irql(self.detach_irql)
            .cleanup_for_null_context(self.cleanup_for_null_context)
            .idle_deregister_succeeds(self.idle_deregister_succeeds)
            .cleanup_overtakes_detach(self.cleanup_overtakes_detach)
            .wait_covers_detach(self.wait_covers_detach)
            .record(self.events == Events::Record);
        match self.seed {
            Some(seed) => builder.schedule(SeededSchedule::new(seed)),
            None => builder,
        }
    }
}

impl Setting {
    fn take(&self, settings: &mut Settings, value: &str) -> Result<(), String> {
        (self.set)(settings, value).ok_or_else(|| {
            format!("`{}` ({}) is `{value}` and must be {}", self.name, variable(self.name), self.values)
        })
    }
}

#[cfg(test)]
mod tests;
