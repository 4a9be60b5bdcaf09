//! What a deployment did, for people and for programs.

use nmrctl::answer::{CertificateReport, DriverReport};
use serde::Serialize;

use crate::ui::Ui;

/// What a deployment that went well did.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// The machine, as given.
    pub(super) host: String,
    /// What was wanted: `run`, `check` or `uninstall`.
    pub(super) goal: &'static str,
    /// The bundle's name.
    pub(super) bundle: String,
    /// The bundle's version.
    pub(super) version: String,
    /// Its folder on the machine.
    pub(super) folder: String,
    /// Whether anything on the machine is different now.
    pub(super) changed: bool,
    /// The steps, in order.
    pub(super) steps: Vec<StepReport>,
    /// What the machine warned of.
    pub(super) warnings: Vec<String>,
    /// The drivers at the end.
    pub(super) drivers: Vec<DriverReport>,
    /// The stores at the end.
    pub(super) certificates: Vec<CertificateReport>,
}

/// One step of a deployment.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StepReport {
    /// Which.
    pub(super) name: String,
    /// How it went.
    pub(super) outcome: String,
}

impl Report {
    /// Prints what matters.
    pub(super) fn tell(&self, ui: &Ui) {
        for warning in &self.warnings {
            ui.warn(warning);
        }
        for driver in &self.drivers {
            let state = driver.state.and_then(|state| serde_json::to_value(state).ok());
            let state = state.and_then(|state| state.as_str().map(str::to_owned));
            ui.note(format!("{}: {}", driver.name, state.unwrap_or_else(|| "not installed".to_owned())));
        }
        if !self.changed {
            ui.note("nothing had to be changed");
        }
    }
}
