//! What the commands ask of the machine they run on.
//!
//! The trait is the edge of the program: on Windows its one implementation calls the system, in tests a machine is made
//! up that lies, refuses and hangs in the ways real ones do.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Win32Error};
use crate::service::Service;

#[cfg(test)]
pub mod fake;

/// What does not change while a command runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The computer's name.
    pub name: String,
    /// The architecture of the processor, as manifests spell it: `x64`, `arm64`.
    pub architecture: String,
    /// Major and minor version and build number of the system.
    pub system: (u32, u32, u32),
    /// Whether this program has administrator rights.
    pub elevated: bool,
    /// The Windows folder.
    pub windows_folder: String,
    /// Whether the system was started with test signing on. `None`: it does not say.
    pub test_signing: Option<bool>,
    /// Whether Secure Boot is on. `None`: it does not say.
    pub secure_boot: Option<bool>,
}

/// Which way to process an INF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfEngine {
    /// `DiInstallDriverW`, `DiUninstallDriverW`: through the driver store, as Windows wants it for primitive drivers.
    DriverStore,
    /// `InstallHinfSectionW` with the full name of a section: what systems without the above have.
    Section,
}

/// How the processing of an INF went, by the system's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processed {
    /// The system reports no error. Some systems report none and do nothing, so the caller looks at the result.
    Claimed,
    /// The system does not have this engine.
    NotOffered,
}

/// A request to the service control manager that takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// `StartServiceW`: returns when `DriverEntry` has.
    Start,
    /// `ControlService` with `SERVICE_CONTROL_STOP`: returns when `DriverUnload` has.
    Stop,
}

/// A request to a driver's control device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceRequest {
    /// What is attached?
    Query,
    /// Let go of it; what is left?
    Drain,
}

/// A store of certificates of the local machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Authorities that are trusted.
    Root,
    /// Publishers whose drivers are installed without a question.
    TrustedPublisher,
}

impl Store {
    /// Both stores, in the order in which a certificate is added.
    pub const BOTH: [Self; 2] = [Self::Root, Self::TrustedPublisher];

    /// The name Windows knows the store by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Root => "Root",
            Self::TrustedPublisher => "TrustedPublisher",
        }
    }
}

/// Where an installed driver came from. Kept on the machine, so that a later run can uninstall it, or bring it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The folder of the bundle.
    pub bundle: String,
    /// The version of the bundle.
    pub version: String,
    /// SHA-256 of the bundle's manifest. The folder may have been open to others since; the record is not. Drivers that
    /// an older nmrctl installed have none.
    pub manifest_sha256: Option<String>,
}

/// A machine on which drivers are installed.
pub trait Machine {
    /// What does not change while a command runs.
    ///
    /// # Errors
    /// When the system does not say.
    fn facts(&self) -> Result<Facts, Failure>;

    /// The service `name`, or `None` if there is none.
    ///
    /// # Errors
    /// When the service control manager refuses.
    fn service(&self, name: &str) -> Result<Option<Service>, Failure>;

    /// Sends `request` for the service `name` without waiting for its end. One request is under way at a time; a new
    /// one makes the machine forget the one before.
    fn begin(&mut self, request: Request, name: &str);

    /// How the request begun last has ended, or `None` while it has not.
    fn outcome(&mut self) -> Option<Result<(), Win32Error>>;

    /// Opens the control device of the service `name`, asks, and closes it, without waiting for the answer. One such
    /// request is under way at a time, as with [`Machine::begin`].
    fn begin_asking(&mut self, name: &str, request: DeviceRequest);

    /// What the device asked last has answered, or `None` while it has not. `Some(Ok(None))` if there is no device.
    ///
    /// # Errors
    /// When the device cannot be opened, or refuses the request.
    fn device_answer(&mut self) -> Option<Result<Option<Vec<u8>>, Failure>>;

    /// Deletes the service `name`.
    ///
    /// # Errors
    /// When the service control manager refuses.
    fn delete_service(&mut self, name: &str) -> Result<(), Failure>;

    /// Installs what `inf` describes. `section` is for [`InfEngine::Section`].
    ///
    /// # Errors
    /// When the system reports one.
    fn install_inf(&mut self, engine: InfEngine, inf: &Path, section: &str) -> Result<Processed, Failure>;

    /// Uninstalls what `inf` describes; otherwise as [`Machine::install_inf`].
    ///
    /// # Errors
    /// When the system reports one.
    fn uninstall_inf(&mut self, engine: InfEngine, inf: &Path, section: &str) -> Result<Processed, Failure>;

    /// The bytes of the file `path`, or `None` if it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, Failure>;

    /// Deletes the file `path`.
    ///
    /// # Errors
    /// When it cannot be deleted.
    fn delete_file(&mut self, path: &str) -> Result<(), Failure>;

    /// Whether the certificate (DER) is in `store`.
    ///
    /// # Errors
    /// When the store cannot be opened or the bytes are no certificate.
    fn has_certificate(&self, store: Store, certificate: &[u8]) -> Result<bool, Failure>;

    /// Adds the certificate (DER) to `store`.
    ///
    /// # Errors
    /// When the store refuses.
    fn add_certificate(&mut self, store: Store, certificate: &[u8]) -> Result<(), Failure>;

    /// Removes the certificate (DER) from `store`.
    ///
    /// # Errors
    /// When the store refuses.
    fn remove_certificate(&mut self, store: Store, certificate: &[u8]) -> Result<(), Failure>;

    /// Where driver `name` was installed from.
    ///
    /// # Errors
    /// When the registry cannot be read.
    fn record(&self, name: &str) -> Result<Option<Record>, Failure>;

    /// The names of all drivers with a record.
    ///
    /// # Errors
    /// When the registry cannot be read.
    fn recorded(&self) -> Result<Vec<String>, Failure>;

    /// Sets or, with `None`, removes the record of driver `name`.
    ///
    /// # Errors
    /// When the registry cannot be written.
    fn set_record(&mut self, name: &str, record: Option<&Record>) -> Result<(), Failure>;

    /// Time since some fixed moment.
    fn now(&self) -> Duration;

    /// Waits.
    fn pause(&mut self, duration: Duration);
}
