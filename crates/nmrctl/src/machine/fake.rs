//! A machine for tests that behaves, refuses, hangs or lies as it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::{DeviceRequest, Facts, InfEngine, Machine, Processed, Record, Request, Store};
use crate::failure::{Failure, FailureCode, Win32Error};
use crate::image_path;
use crate::service::{Service, ServiceState};

/// How a driver answers start and stop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reaction {
    /// It takes a while and does what was asked.
    Obeys { after: Duration },
    /// The service control manager refuses with this error number.
    Refuses(u32),
    /// The request never ends, and the service is pending.
    Hangs,
    /// The request succeeds and nothing changes.
    ClaimsOnly,
    /// The request succeeds at once, and the state follows later.
    Lags { after: Duration },
}

/// How an engine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineReaction {
    Works,
    ClaimsOnly,
    NotOffered,
    Refuses,
}

/// How a control device answers.
#[derive(Debug)]
pub(crate) enum FakeDevice {
    /// These in turn, the last one for ever.
    Answers(Vec<Vec<u8>>),
    /// These in turn, and then it is not there any more.
    GoesAwayAfter(Vec<Vec<u8>>),
    /// With this error number.
    Refuses(u32),
    /// Never: a peer does not return from its detach callback.
    Hangs,
}

#[derive(Debug)]
pub(crate) struct FakeMachine {
    pub(crate) facts: Facts,
    pub(crate) services: BTreeMap<String, Service>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) reactions: BTreeMap<String, Reaction>,
    pub(crate) devices: BTreeMap<String, FakeDevice>,
    pub(crate) driver_store: EngineReaction,
    pub(crate) section: EngineReaction,
    /// Names of INF files that no engine can process, though all claim to.
    pub(crate) broken_infs: BTreeSet<String>,
    /// Images that arrive damaged.
    pub(crate) broken_images: BTreeSet<Vec<u8>>,
    /// Stores that say they took a certificate and did not.
    pub(crate) forgetful_stores: bool,
    /// Stores that take a certificate and cannot be looked into afterwards.
    pub(crate) stores_go_blind: bool,
    /// Everything that would have changed a real machine, in order.
    pub(crate) calls: Vec<String>,
    certificates: BTreeSet<(&'static str, Vec<u8>)>,
    records: BTreeMap<String, Record>,
    clock: Duration,
    request: Option<(Request, String, Duration)>,
    asked: Option<String>,
}

impl FakeMachine {
    pub(crate) fn new() -> Self {
        let facts = Facts {
            name: "LAB".to_owned(),
            architecture: "x64".to_owned(),
            system: (10, 0, 19041),
            elevated: true,
            windows_folder: r"C:\Windows".to_owned(),
            test_signing: Some(true),
            secure_boot: Some(false),
        };
        Self {
            facts,
            services: BTreeMap::new(),
            files: BTreeMap::new(),
            reactions: BTreeMap::new(),
            devices: BTreeMap::new(),
            driver_store: EngineReaction::Works,
            section: EngineReaction::Works,
            broken_infs: BTreeSet::new(),
            broken_images: BTreeSet::new(),
            forgetful_stores: false,
            stores_go_blind: false,
            calls: Vec::new(),
            certificates: BTreeSet::new(),
            records: BTreeMap::new(),
            clock: Duration::ZERO,
            request: None,
            asked: None,
        }
    }

    pub(crate) fn add_service(&mut self, name: &str, state: ServiceState, image_path: &str) {
        let service = Service {
            state,
            win32_exit_code: 0,
            image_path: image_path.to_owned(),
            load_order_group: String::new(),
        };
        self.services.insert(name.to_owned(), service);
    }

    pub(crate) fn image_of(&self, name: &str) -> &[u8] {
        let path = image_path::resolve(&self.services[name].image_path, name, &self.facts.windows_folder);
        &self.files[&path]
    }

    fn engine(
        &mut self,
        engine: InfEngine,
        verb: &str,
        inf: &Path,
        section: &str,
    ) -> Result<Option<String>, Failure> {
        let file = inf.file_name().unwrap().to_string_lossy().into_owned();
        let (shown, reaction) = match engine {
            InfEngine::DriverStore => ("DriverStore".to_owned(), self.driver_store),
            InfEngine::Section => (format!("Section {section}"), self.section),
        };
        self.calls.push(format!("{verb} {file} through {shown}"));
        match reaction {
            EngineReaction::Works if !self.broken_infs.contains(&file) => Ok(Some(file.replace(".inf", ""))),
            EngineReaction::Works | EngineReaction::ClaimsOnly => Ok(None),
            EngineReaction::NotOffered => Ok(Some(String::new())),
            EngineReaction::Refuses => Err(Failure::new(FailureCode::InstallFailed, "not signed", "sign it")),
        }
    }
}

fn done_state(request: Request) -> ServiceState {
    if request == Request::Start { ServiceState::Running } else { ServiceState::Stopped }
}

impl Machine for FakeMachine {
    fn facts(&self) -> Result<Facts, Failure> {
        Ok(self.facts.clone())
    }

    fn service(&self, name: &str) -> Result<Option<Service>, Failure> {
        let mut service = self.services.get(name).cloned();
        if let (Some(service), Some((request, wanted, since)), Some(Reaction::Lags { after })) =
            (&mut service, &self.request, self.reactions.get(name))
            && wanted == name
            && self.clock - *since >= *after
        {
            service.state = done_state(*request);
        }
        Ok(service)
    }

    fn begin(&mut self, request: Request, name: &str) {
        self.calls.push(format!("{} {name}", if request == Request::Start { "start" } else { "stop" }));
        let reaction = self.reactions.get(name).copied().unwrap_or(Reaction::Obeys { after: Duration::ZERO });
        if matches!(reaction, Reaction::Hangs | Reaction::Obeys { .. }) {
            let pending = if request == Request::Start {
                ServiceState::StartPending
            } else {
                ServiceState::StopPending
            };
            self.services.get_mut(name).unwrap().state = pending;
        }
        self.request = Some((request, name.to_owned(), self.clock));
    }

    fn outcome(&mut self) -> Option<Result<(), Win32Error>> {
        let (request, name, since) = self.request.clone().unwrap();
        match self.reactions.get(&name).copied().unwrap_or(Reaction::Obeys { after: Duration::ZERO }) {
            Reaction::Obeys { after } if self.clock - since >= after => {
                let done =
                    if request == Request::Start { ServiceState::Running } else { ServiceState::Stopped };
                self.services.get_mut(&name).unwrap().state = done;
                Some(Ok(()))
            }
            Reaction::Obeys { .. } | Reaction::Hangs => None,
            Reaction::Refuses(number) => Some(Err(Win32Error { number, text: "refused".to_owned() })),
            Reaction::ClaimsOnly | Reaction::Lags { .. } => Some(Ok(())),
        }
    }

    fn begin_asking(&mut self, name: &str, request: DeviceRequest) {
        if self.devices.contains_key(name) {
            let verb = if request == DeviceRequest::Query { "query" } else { "drain" };
            self.calls.push(format!("{verb} {name}"));
        }
        self.asked = Some(name.to_owned());
    }

    fn device_answer(&mut self) -> Option<Result<Option<Vec<u8>>, Failure>> {
        let name = self.asked.as_ref().expect("somebody has asked");
        let Some(device) = self.devices.get_mut(name) else { return Some(Ok(None)) };
        Some(match device {
            FakeDevice::Hangs => return None,
            FakeDevice::Answers(answers) if answers.len() == 1 => Ok(answers.first().cloned()),
            FakeDevice::GoesAwayAfter(answers) if answers.is_empty() => Ok(None),
            FakeDevice::Answers(answers) | FakeDevice::GoesAwayAfter(answers) => Ok(Some(answers.remove(0))),
            FakeDevice::Refuses(number) => {
                let error = Win32Error { number: *number, text: "refused".to_owned() };
                Err(Failure::windows(FailureCode::ControlDevice, "asking", &error, "ask again"))
            }
        })
    }

    fn delete_service(&mut self, name: &str) -> Result<(), Failure> {
        self.calls.push(format!("delete {name}"));
        self.services.remove(name);
        Ok(())
    }

    fn install_inf(&mut self, engine: InfEngine, inf: &Path, section: &str) -> Result<Processed, Failure> {
        match self.engine(engine, "install", inf, section)?.as_deref() {
            Some("") => return Ok(Processed::NotOffered),
            Some(name) => {
                let image = std::fs::read(inf.with_extension("sys")).unwrap();
                let damaged = self.broken_images.contains(&image);
                let path = format!(r"C:\Windows\System32\drivers\{name}.sys");
                self.files.insert(path, if damaged { b"damaged".to_vec() } else { image });
                self.add_service(
                    name,
                    ServiceState::Stopped,
                    &format!(r"\SystemRoot\System32\drivers\{name}.sys"),
                );
            }
            None => {}
        }
        Ok(Processed::Claimed)
    }

    fn uninstall_inf(&mut self, engine: InfEngine, inf: &Path, section: &str) -> Result<Processed, Failure> {
        match self.engine(engine, "uninstall", inf, section)?.as_deref() {
            Some("") => return Ok(Processed::NotOffered),
            Some(name) => {
                self.services.remove(name);
                self.files.remove(&format!(r"C:\Windows\System32\drivers\{name}.sys"));
            }
            None => {}
        }
        Ok(Processed::Claimed)
    }

    fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        Ok(self.files.get(path).cloned())
    }

    fn delete_file(&mut self, path: &str) -> Result<(), Failure> {
        self.calls.push(format!("delete file {path}"));
        self.files.remove(path);
        Ok(())
    }

    fn has_certificate(&self, store: Store, certificate: &[u8]) -> Result<bool, Failure> {
        if self.stores_go_blind && self.calls.iter().any(|call| call.starts_with("add certificate")) {
            return Err(Failure::new(FailureCode::CertificateStore, "cannot be looked into", "look again"));
        }
        Ok(self.certificates.contains(&(store.name(), certificate.to_vec())))
    }

    fn add_certificate(&mut self, store: Store, certificate: &[u8]) -> Result<(), Failure> {
        self.calls.push(format!("add certificate to {}", store.name()));
        if !self.forgetful_stores {
            self.certificates.insert((store.name(), certificate.to_vec()));
        }
        Ok(())
    }

    fn remove_certificate(&mut self, store: Store, certificate: &[u8]) -> Result<(), Failure> {
        self.calls.push(format!("remove certificate from {}", store.name()));
        self.certificates.remove(&(store.name(), certificate.to_vec()));
        Ok(())
    }

    fn record(&self, name: &str) -> Result<Option<Record>, Failure> {
        Ok(self.records.get(name).cloned())
    }

    fn recorded(&self) -> Result<Vec<String>, Failure> {
        Ok(self.records.keys().cloned().collect())
    }

    fn set_record(&mut self, name: &str, record: Option<&Record>) -> Result<(), Failure> {
        match record {
            Some(record) => self.records.insert(name.to_owned(), record.clone()),
            None => self.records.remove(name),
        };
        Ok(())
    }

    fn now(&self) -> Duration {
        self.clock
    }

    fn pause(&mut self, duration: Duration) {
        self.clock += duration;
    }
}
