//! What the service control manager knows about a driver.

use serde::{Deserialize, Serialize};

/// The state of a service, as `QueryServiceStatusEx` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceState {
    /// Not loaded.
    Stopped,
    /// `DriverEntry` has not returned yet.
    StartPending,
    /// `DriverUnload` has not returned yet. Nothing may be done to the service now.
    StopPending,
    /// Loaded.
    Running,
    /// Not a state of drivers.
    ContinuePending,
    /// Not a state of drivers.
    PausePending,
    /// Not a state of drivers.
    Paused,
    /// A number this program does not know.
    Unknown,
}

impl ServiceState {
    /// The state for the field `dwCurrentState`.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Stopped,
            2 => Self::StartPending,
            3 => Self::StopPending,
            4 => Self::Running,
            5 => Self::ContinuePending,
            6 => Self::PausePending,
            7 => Self::Paused,
            _ => Self::Unknown,
        }
    }
}

/// One service of a driver: its state and its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The state now.
    pub state: ServiceState,
    /// `dwWin32ExitCode` of the last run.
    pub win32_exit_code: u32,
    /// The image path exactly as configured, in one of the forms that [`crate::image_path`] reads.
    pub image_path: String,
    /// The load order group, empty if there is none.
    pub load_order_group: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_winsvc() {
        let names = [
            "stopped",
            "start-pending",
            "stop-pending",
            "running",
            "continue-pending",
            "pause-pending",
            "paused",
        ];
        for (number, name) in (1..).zip(names) {
            let state = serde_json::to_value(ServiceState::from_number(number)).unwrap();
            assert_eq!(state, name, "{number}");
        }
        assert_eq!(ServiceState::from_number(0), ServiceState::Unknown);
        assert_eq!(ServiceState::from_number(8), ServiceState::Unknown);
    }
}
