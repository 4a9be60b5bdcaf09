//! The machine this program runs on: the one file per Windows interface it uses, behind one [`Machine`].
//!
//! Every unsafe call of the program is in this folder. Each file wraps the few functions of one interface in safe ones
//! that own what they open; no handle leaves its file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, FailureCode, Win32Error};
use crate::machine::{DeviceRequest, Facts, InfEngine, Machine, Processed, Record, Request, Store};
use crate::service::Service;

mod certificate_store;
mod control_device;
mod error;
mod inf;
mod registry;
mod service_control;
mod system;
mod wide;

/// The machine this program runs on.
#[derive(Debug)]
pub struct ThisMachine {
    since: Instant,
    request: Option<Receiver<Result<(), Win32Error>>>,
    asked: Option<Asked>,
}

/// A control device that was asked.
#[derive(Debug)]
struct Asked {
    service: String,
    answer: Receiver<Result<Option<Vec<u8>>, Win32Error>>,
}

impl ThisMachine {
    /// The machine this program runs on.
    #[must_use]
    pub fn new() -> Self {
        Self { since: Instant::now(), request: None, asked: None }
    }
}

impl Default for ThisMachine {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine for ThisMachine {
    fn facts(&self) -> Result<Facts, Failure> {
        system::facts()
    }

    fn service(&self, name: &str) -> Result<Option<Service>, Failure> {
        service_control::query(name).map_err(|error| refused(&format!("querying service {name}"), &error))
    }

    fn begin(&mut self, request: Request, name: &str) {
        // The manager answers when the driver has, which may be never. A thread waits for it; if the time limit
        // passes, the process ends under that thread and the manager goes on without us.
        let (sender, receiver) = channel();
        let name = name.to_owned();
        thread::spawn(move || {
            // Nobody listens any more when a newer request took this one's place.
            let _ = sender.send(service_control::request(request, &name));
        });
        self.request = Some(receiver);
    }

    fn outcome(&mut self) -> Option<Result<(), Win32Error>> {
        match self.request.as_ref()?.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(gone("the service control manager"))),
        }
    }

    fn begin_asking(&mut self, name: &str, request: DeviceRequest) {
        // The driver may be held up by a peer; then the time limit passes over this thread as over that of `begin`.
        let (sender, receiver) = channel();
        self.asked = Some(Asked { service: name.to_owned(), answer: receiver });
        let name = name.to_owned();
        thread::spawn(move || {
            let _ = sender.send(control_device::ask(&name, request));
        });
    }

    fn device_answer(&mut self) -> Option<Result<Option<Vec<u8>>, Failure>> {
        let Asked { service, answer } = self.asked.as_ref()?;
        let answer = match answer.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err(gone("the control device")),
        };
        Some(answer.map_err(|error| {
            let what = format!("asking the control device of {service}");
            let advice = "only administrators may; if you are one, the error number says why";
            Failure::windows(FailureCode::ControlDevice, &what, &error, advice)
        }))
    }

    fn delete_service(&mut self, name: &str) -> Result<(), Failure> {
        service_control::delete(name).map_err(|error| refused(&format!("deleting service {name}"), &error))
    }

    fn install_inf(&mut self, engine: InfEngine, inf: &Path, section: &str) -> Result<Processed, Failure> {
        match engine {
            InfEngine::DriverStore => inf::install_through_store(inf),
            InfEngine::Section => inf::run_section(inf, section),
        }
        .map_err(|error| inf_refused(FailureCode::InstallFailed, "installing", inf, &error))
    }

    fn uninstall_inf(&mut self, engine: InfEngine, inf: &Path, section: &str) -> Result<Processed, Failure> {
        match engine {
            InfEngine::DriverStore => inf::uninstall_through_store(inf),
            InfEngine::Section => inf::run_section(inf, section),
        }
        .map_err(|error| inf_refused(FailureCode::UninstallFailed, "uninstalling", inf, &error))
    }

    fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        match fs::read(path) {
            Ok(content) => Ok(Some(content)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(file_failure("read", path, &error)),
        }
    }

    fn delete_file(&mut self, path: &str) -> Result<(), Failure> {
        fs::remove_file(path).map_err(|error| file_failure("deleted", path, &error))
    }

    fn has_certificate(&self, store: Store, certificate: &[u8]) -> Result<bool, Failure> {
        certificate_store::has(store, certificate)
            .map_err(|error| store_refused("looking into", store, &error))
    }

    fn add_certificate(&mut self, store: Store, certificate: &[u8]) -> Result<(), Failure> {
        certificate_store::add(store, certificate).map_err(|error| store_refused("adding to", store, &error))
    }

    fn remove_certificate(&mut self, store: Store, certificate: &[u8]) -> Result<(), Failure> {
        certificate_store::remove(store, certificate)
            .map_err(|error| store_refused("removing from", store, &error))
    }

    fn record(&self, name: &str) -> Result<Option<Record>, Failure> {
        registry::record(name).map_err(|error| refused("reading the record of installed drivers", &error))
    }

    fn recorded(&self) -> Result<Vec<String>, Failure> {
        registry::recorded().map_err(|error| refused("reading the record of installed drivers", &error))
    }

    fn set_record(&mut self, name: &str, record: Option<&Record>) -> Result<(), Failure> {
        registry::set_record(name, record)
            .map_err(|error| refused("writing the record of installed drivers", &error))
    }

    fn now(&self) -> Duration {
        self.since.elapsed()
    }

    fn pause(&mut self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// The thread that waited for `whom` has ended without a word.
fn gone(whom: &str) -> Win32Error {
    Win32Error { number: 0, text: format!("the thread that waited for {whom} is gone") }
}

fn refused(what: &str, error: &Win32Error) -> Failure {
    Failure::windows(FailureCode::Windows, what, error, "the error number says why")
}

fn inf_refused(code: FailureCode, what: &str, inf: &Path, error: &Win32Error) -> Failure {
    let advice =
        r"see the end of C:\Windows\INF\setupapi.dev.log; `nmrctl preflight` looks for the usual reasons";
    Failure::windows(code, &format!("{what} {}", inf.display()), error, advice)
}

fn store_refused(what: &str, store: Store, error: &Win32Error) -> Failure {
    let advice = "a policy may forbid it; look at `certlm.msc`";
    Failure::windows(
        FailureCode::CertificateStore,
        &format!("{what} the store {}", store.name()),
        error,
        advice,
    )
}

fn file_failure(what: &str, path: &str, error: &std::io::Error) -> Failure {
    let mut failure = Failure::new(
        FailureCode::Windows,
        format!("{path} cannot be {what}: {error}"),
        "something may hold it open",
    );
    failure.win32 = error.raw_os_error().and_then(|number| u32::try_from(number).ok());
    failure
}
