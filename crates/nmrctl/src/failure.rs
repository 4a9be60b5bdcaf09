//! Why a command failed, in a form that programs and people can both act on.

use serde::{Deserialize, Serialize};

/// The class of a failure. The names are part of the answer's schema: scripts may match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The command line makes no sense.
    Usage,
    /// The program was started on a system that is not Windows.
    NotWindows,
    /// The program runs without administrator rights.
    NotElevated,
    /// The bundle was built for another processor architecture.
    WrongArchitecture,
    /// The bundle needs a newer system than this one.
    SystemTooOld,
    /// The folder is no bundle, or cannot be read.
    BundleMissing,
    /// A file of the bundle is not what the manifest says.
    BundleDamaged,
    /// The bundle has no driver of that name.
    UnknownDriver,
    /// There is no service of that name.
    NotInstalled,
    /// The driver has no control device, or does not run.
    NoControlDevice,
    /// The driver runs, and what was asked for needs it stopped.
    DriverRunning,
    /// The driver runs, and takes no peers: a drain has taken its registrations down, and only loading it again brings
    /// them back.
    Drained,
    /// There is a service of that name which this program did not install.
    ForeignService,
    /// The driver was told to stop and has not finished. It must not be touched.
    StopPending,
    /// The time limit passed.
    TimedOut,
    /// The driver did not start.
    StartFailed,
    /// The driver could not be told to stop, or is not stopped afterwards.
    StopFailed,
    /// The INF was processed, but service or image are not there.
    InstallFailed,
    /// Something of the driver is still there.
    UninstallFailed,
    /// A certificate store refused.
    CertificateStore,
    /// A control device refused, or answered something that is not known here.
    ControlDevice,
    /// Windows refused a call that nothing else explains.
    Windows,
}

impl FailureCode {
    /// The exit code of the program. Stable.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::NotWindows | Self::NotElevated | Self::WrongArchitecture | Self::SystemTooOld => 3,
            Self::BundleMissing | Self::BundleDamaged | Self::UnknownDriver => 4,
            Self::NotInstalled
            | Self::NoControlDevice
            | Self::DriverRunning
            | Self::Drained
            | Self::ForeignService
            | Self::StopPending => 5,
            Self::TimedOut => 6,
            Self::StartFailed
            | Self::StopFailed
            | Self::InstallFailed
            | Self::UninstallFailed
            | Self::CertificateStore
            | Self::ControlDevice
            | Self::Windows => 7,
        }
    }
}

/// The table shown at the end of `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  2  the command line is wrong
  3  this machine does not fit: not Windows, no administrator rights, another architecture, too old
  4  the bundle does not fit: missing, damaged, no such driver in it
  5  the driver is in the wrong state: not installed, running, still stopping, drained, without a control device, or
     somebody else's
  6  the time limit passed
  7  Windows refused; the answer has its error number";

/// Why a command failed and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The class of the failure.
    pub code: FailureCode,
    /// What happened, with the names it happened to.
    pub message: String,
    /// What to do next.
    pub advice: String,
    /// The Win32 error number, if Windows gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub win32: Option<u32>,
}

impl Failure {
    /// A failure without a Win32 error number.
    pub fn new(code: FailureCode, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code, message: message.into(), advice: advice.into(), win32: None }
    }

    /// A failure because Windows answered `error` to a call; `what` says what was attempted.
    pub fn windows(code: FailureCode, what: &str, error: &Win32Error, advice: impl Into<String>) -> Self {
        Self {
            code,
            message: format!("{what}: error {}, {}", error.number, error.text),
            advice: advice.into(),
            win32: Some(error.number),
        }
    }
}

/// A Win32 error number with the system's text for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Win32Error {
    /// The number, as `GetLastError` gives it.
    pub number: u32,
    /// The system's text, in the system's language.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_in_kebab_case() {
        assert_eq!(serde_json::to_string(&FailureCode::StopPending).unwrap(), "\"stop-pending\"");
    }

    #[test]
    fn the_table_names_every_exit_code() {
        for code in [
            FailureCode::Usage,
            FailureCode::NotWindows,
            FailureCode::BundleDamaged,
            FailureCode::DriverRunning,
        ]
        .into_iter()
        .chain([FailureCode::TimedOut, FailureCode::Windows])
        {
            assert!(EXIT_CODES.contains(&format!("\n  {}  ", code.exit_code())), "{code:?}");
        }
    }

    #[test]
    fn a_refusal_of_windows_keeps_its_number() {
        let error = Win32Error { number: 1060, text: "The service does not exist.".to_owned() };
        let failure = Failure::windows(FailureCode::Windows, "opening service echo", &error, "install it");
        assert_eq!(failure.win32, Some(1060));
        assert_eq!(failure.message, "opening service echo: error 1060, The service does not exist.");
    }
}
