//! The one JSON document that every command writes to standard output.
//!
//! Callers test `schema`, then `ok`; everything else is there when it applies. Fields may be added within one schema
//! number, they are never renamed or given another meaning.

use serde::{Deserialize, Serialize};

use crate::attachments::AttachmentsReport;
use crate::failure::Failure;
use crate::machine::Facts;
use crate::service::ServiceState;

/// The value of [`Answer::schema`].
pub const SCHEMA: u32 = 1;

/// What a command did and found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The version of this document: [`SCHEMA`].
    pub schema: u32,
    /// The command that was run, as on the command line.
    pub command: String,
    /// Whether everything asked for was done, or was so already. The exit code is 0 exactly then.
    pub ok: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The machine (`preflight`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<Facts>,
    /// What was examined, each with a verdict (`preflight`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// The bundle (`preflight`, `verify`, `install`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<BundleReport>,
    /// The drivers the command was about, in the order in which it treated them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drivers: Vec<DriverReport>,
    /// The attachments of the driver (`attachments`, `drain`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<AttachmentsReport>,
    /// The certificate stores the command looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateReport>,
    /// What was taken back because a later step failed, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<String>,
}

impl Answer {
    /// An answer of `command` that is `ok` so far.
    #[must_use]
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            command: command.into(),
            ok: true,
            error: None,
            machine: None,
            checks: Vec::new(),
            bundle: None,
            drivers: Vec::new(),
            attachments: None,
            certificates: Vec::new(),
            undone: Vec::new(),
        }
    }

    /// Makes the answer a failure. The first failure stays: what follows it is usually its consequence.
    pub fn fail(&mut self, failure: Failure) {
        self.ok = false;
        self.error.get_or_insert(failure);
    }

    /// The exit code that belongs to the answer.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.error.as_ref().map_or(0, |failure| failure.code.exit_code())
    }
}

/// One thing that `preflight` examined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was examined; a fixed name.
    pub name: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What was found, in one sentence.
    pub finding: String,
    /// What to do, if there is something.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub advice: String,
}

/// A verdict of `preflight`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// May become a problem, or cannot be found out here.
    Warn,
    /// The bundle will not run here.
    Fail,
}

/// A bundle as it lies on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleReport {
    /// Its folder.
    pub folder: String,
    /// Its name, from the manifest.
    pub name: String,
    /// Its version, from the manifest.
    pub version: String,
    /// How many files were hashed and found right.
    pub files: usize,
    /// Every file that is not what the manifest says, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub damage: Vec<String>,
}

/// What was done about a driver, or found in the place of what should be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing: it was only looked at.
    Reported,
    /// There was no service; now there is.
    Installed,
    /// Another image took the place of the one that was installed.
    Replaced,
    /// Everything was as wanted before.
    Unchanged,
    /// It was loaded.
    Started,
    /// It was unloaded.
    Stopped,
    /// It has let go of all its peers, and runs.
    Drained,
    /// Service and image were removed.
    Uninstalled,
    /// It was not installed before.
    Absent,
    /// See `error` of the answer.
    Failed,
}

/// A driver on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverReport {
    /// The name of its service.
    pub name: String,
    /// What was done.
    pub action: Action,
    /// Whether there is a service of that name, after the command.
    pub installed: bool,
    /// The state of the service after the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ServiceState>,
    /// `dwWin32ExitCode` of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub win32_exit_code: Option<u32>,
    /// The load order group of the service, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_order_group: Option<String>,
    /// The file the service loads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// SHA-256 of that file now; absent if the file is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_sha256: Option<String>,
    /// The folder of the bundle it was installed from, if this program installed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_from: Option<String>,
    /// The version of that bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How long the command took for this driver, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
}

/// The signer's certificate in one store of the local machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateReport {
    /// The store: `Root` or `TrustedPublisher`.
    pub store: String,
    /// SHA-1 of the certificate, as Windows shows it.
    pub thumbprint: String,
    /// What was done: `Installed`, `Unchanged`, `Uninstalled`, `Absent`, or `Reported`.
    pub action: Action,
    /// Whether the certificate is in the store, after the command.
    pub present: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureCode;

    #[test]
    fn an_answer_without_findings_is_four_fields_or_less() {
        let text = serde_json::to_string(&Answer::new("status")).unwrap();
        assert_eq!(text, r#"{"schema":1,"command":"status","ok":true}"#);
        assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), Answer::new("status"));
    }

    #[test]
    fn the_first_failure_stays_and_gives_the_exit_code() {
        let mut answer = Answer::new("start");
        answer.fail(Failure::new(FailureCode::TimedOut, "first", "wait"));
        answer.fail(Failure::new(FailureCode::Usage, "second", ""));
        assert!(!answer.ok);
        assert_eq!(answer.error.as_ref().unwrap().message, "first");
        assert_eq!(answer.exit_code(), 6);
    }
}
