//! What `new` is going to write.

use anyhow::Result;

use super::contracts::FOLDER;
use super::request::Request;
use super::{contract_text, driver_text, peer_text, setup_file};
use crate::exit;

/// What is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The driver's name.
    pub(super) driver: String,
    /// The packages that appear.
    pub(super) packages: Vec<String>,
    /// What must not exist and is put in its place at once: folders, and the setup information file.
    pub(super) places: Vec<String>,
    /// All files, below those places.
    pub(super) files: Vec<File>,
}

/// A file, as seen from the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl Plan {
    pub(super) fn new(request: &Request) -> Result<Self> {
        let name = request.name.as_str();
        if request.npis.is_empty() {
            return Err(exit::usage(format!("{name} has no NPI: add --client <NPI> or --provider <NPI>")));
        }
        let mut plan = Self {
            driver: name.to_owned(),
            packages: vec![name.to_owned()],
            places: vec![format!("{FOLDER}/{name}"), format!("inf/{name}.inx")],
            files: Vec::new(),
        };
        plan.add(format!("{FOLDER}/{name}/Cargo.toml"), driver_text::manifest(request));
        plan.add(format!("{FOLDER}/{name}/src/lib.rs"), driver_text::root(request));
        plan.add(format!("{FOLDER}/{name}/src/tests.rs"), peer_text::tests(request));
        plan.add(format!("inf/{name}.inx"), setup_file::text(request));
        for new in request.npis.iter().filter_map(|line| line.new.as_ref()) {
            let folder = format!("{FOLDER}/{}", new.name);
            plan.add(format!("{folder}/Cargo.toml"), contract_text::manifest(&new.name));
            plan.add(format!("{folder}/src/lib.rs"), new.text.clone());
            plan.places.push(folder);
            plan.packages.push(new.name.as_str().to_owned());
        }
        Ok(plan)
    }

    fn add(&mut self, path: String, text: String) {
        self.files.push(File { path, text });
    }
}
