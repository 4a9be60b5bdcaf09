//! What `new` would write, and that it builds.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::contracts::Contracts;
use super::plan::Plan;
use super::request::{Identifier, Request};
use super::{Args, write};
use crate::context::Context;
use crate::exit::{Reason, reason_of};
use crate::process::Program;
use crate::ui::Ui;

fn args(name: &str, clients: &[&str], providers: &[&str]) -> Args {
    let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    Args {
        name: Some(name.to_owned()),
        clients: owned(clients),
        providers: owned(providers),
        module_id: None,
        npi_ids: Vec::new(),
    }
}

/// Identifiers that are the same in each run.
fn counted() -> impl Fn() -> Result<Identifier> {
    let drawn = Cell::new(0);
    move || {
        drawn.set(drawn.get() + 1);
        Ok(Identifier(format!("5c3ad01c-2a0e-4d9c-9d77-{:012}", drawn.get())))
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

fn plan(args: &Args) -> Result<Plan> {
    Plan::new(&Request::new(args, &Contracts::read(workspace())?, &counted())?)
}

// The names are ones that nobody who tries `new` in this workspace chooses.

/// A driver with everything: client of a contract whose clients serve something, provider of one that exists and of a new
/// one.
fn rich() -> Args {
    args("scratch-meter", &["clock"], &["relay", "scratch-npi"])
}

#[test]
fn the_plan_is_as_recorded() {
    let plan = plan(&rich()).unwrap();
    let text: String = plan.files.iter().map(|file| format!("=== {}\n{}", file.path, file.text)).collect();
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/new/recorded-plan.txt");
    if std::env::var_os("NMR_NEW_RECORD").is_some() {
        fs::write(&recorded, &text).unwrap();
    }
    let before = fs::read_to_string(&recorded).unwrap();
    assert_eq!(text, before, "if the difference is meant, NMR_NEW_RECORD=1 takes it over");
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |args: &Args, why: &str| {
        let error = plan(args).unwrap_err();
        assert_eq!(reason_of(&error), Reason::Usage);
        assert!(error.to_string().contains(why), "{error}");
    };
    refused(&args("scratch-driver", &[], &[]), "has no NPI");
    refused(&args("scratch-driver", &["nothing"], &[]), "no NPI is called \"nothing\"; there are ");
    refused(&args("scratch-driver", &["echo"], &["echo"]), "asked for twice");
    refused(&args("scratch-driver", &[], &["wsk"]), "Windows is its provider; ask for --client wsk");
    refused(
        &args("scratch-driver", &["ebpf::hook"], &[]),
        "eBPF's core is its client; ask for --provider hook",
    );
    refused(&args("scratch-driver", &["xdp"], &[]), "crates/nmr-npis/tests/xdp shows a client");
    refused(&args("scratch-driver", &["echo-npi"], &[]), "echo-npi::clock or ");
    let with_ids = |ids: &[&str]| Args {
        npi_ids: ids.iter().map(ToString::to_string).collect(),
        ..args("scratch-driver", &[], &["scratch-npi"])
    };
    refused(&with_ids(&["5c3ad01c"]), "5c3ad01c: ");
    refused(&with_ids(&["other-npi=5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c11"]), "no new contract is left");
    let given = plan(&with_ids(&["scratch-npi=5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c11"])).unwrap();
    assert!(given.files.iter().any(|file| file.text.contains("0d3f0b5f5c11")));
}

#[test]
fn identifiers_are_drawn() {
    let (first, second) = (Identifier::draw().unwrap(), Identifier::draw().unwrap());
    assert_ne!(first, second);
    assert_eq!(&first.0[14..15], "4");
}

/// A copy of the workspace's sources.
struct Scratch {
    folder: tempfile::TempDir,
    context: Context,
}

impl Scratch {
    fn new() -> Self {
        let own = Context::new(false).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(workspace()).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                copy(&workspace().join(&name), &folder.path().join(&name));
            }
        }
        let context = Context {
            workspace: folder.path().to_owned(),
            // Beside the results of this workspace, so that what a scratch workspace builds is there the next time.
            target: own.target.join("new"),
            version: own.version,
            json: false,
            ui: Ui::new(),
        };
        Self { folder, context }
    }

    fn make(&self, args: &Args) -> Result<()> {
        let contracts = Contracts::read(self.folder.path())?;
        write::write(&Plan::new(&Request::new(args, &contracts, &Identifier::draw)?)?, &self.context)
    }

    fn has(&self, path: &str) -> bool {
        self.folder.path().join(path).exists()
    }

    /// Nothing but what was copied is there.
    fn is_untouched(&self) -> bool {
        let lock = |folder: &Path| fs::read(folder.join("Cargo.lock")).unwrap();
        let aside = fs::read_dir(self.folder.path())
            .unwrap()
            .any(|entry| entry.unwrap().file_name().to_string_lossy().starts_with(".new"));
        !aside
            && !self.has("drivers/scratch-driver")
            && !self.has("inf/scratch-driver.inx")
            && lock(self.folder.path()) == lock(workspace())
    }

    fn cargo(&self, arguments: &[&str]) {
        Program::new(self.context.cargo(), Duration::from_secs(600))
            .args(arguments)
            .env("CARGO_TARGET_DIR", &self.context.target)
            .without_env("RUSTFLAGS")
            .folder(self.folder.path())
            .run(&self.context.target.join("scratch.log"))
            .unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "target" {
                copy(&from.join(&name), &to.join(&name));
            }
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

#[test]
fn what_is_written_builds_and_passes() {
    let scratch = Scratch::new();
    scratch.make(&rich()).unwrap();
    scratch.make(&args("scratch-reader", &["echo", "scratch-npi", "wsk"], &[])).unwrap();
    scratch.make(&args("scratch-resolver", &["wsk", "msquic"], &[])).unwrap();
    let extension = args("scratch-extension", &["echo"], &["ebpf::hook", "program-information", "map"]);
    scratch.make(&extension).unwrap();
    let names = ["scratch-meter", "scratch-npi", "scratch-reader", "scratch-resolver", "scratch-extension"];
    let packages = names.map(|name| ["--package", name]).concat();
    scratch.cargo(&[&["fmt", "--check"], &packages[..]].concat());
    scratch.cargo(&[&["test", "--offline", "--locked"], &packages[..]].concat());
    let lints = ["clippy", "--offline", "--locked", "--all-targets"];
    scratch.cargo(&[&lints, &packages[..], &["--", "-D", "warnings"]].concat());
}

#[test]
fn nothing_is_written_where_something_is() {
    let scratch = Scratch::new();
    let refused = |name: &str, providers: &[&str]| {
        let error = scratch.make(&args(name, &[], providers)).unwrap_err();
        assert_eq!(reason_of(&error), Reason::Usage, "{error}");
        assert!(scratch.is_untouched(), "{name}");
        error.to_string()
    };
    assert!(refused("composite", &["echo"]).contains("drivers/composite is there already"));
    assert!(refused("syn", &["echo"]).contains("a package that the workspace depends on is called syn"));
    fs::create_dir(scratch.folder.path().join("drivers/scratch-npi")).unwrap();
    assert!(refused("scratch-driver", &["scratch-npi"]).contains("drivers/scratch-npi is there already"));
}

#[test]
fn what_cargo_does_not_take_is_taken_back() {
    let scratch = Scratch::new();
    let manifest = scratch.folder.path().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    // A workspace that has no such dependency to hand on.
    fs::write(&manifest, text.replace("nmr-wdk = {", "nmr-wdk-of-old = {")).unwrap();
    let error = scratch.make(&args("scratch-driver", &["echo"], &[])).unwrap_err();
    assert!(format!("{error:#}").contains("they are taken back"), "{error:#}");
    assert!(scratch.is_untouched());
}
