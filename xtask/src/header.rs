//! `cargo xtask header`: the contracts of a crate as a C header, for teams that stay in C.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::context::Context;
use crate::{exit, ui};

mod sources;
#[cfg(test)]
mod tests;

const EXAMPLES: &str = "\
Examples:
  cargo xtask header echo-npi                     Write the header to standard output
  cargo xtask header echo-npi -o echo_npi.h       Write it to a file

The header includes <netioddk.h>, of the WDK or of nmr-sim. With NMR_PRIVATE_NPI in the environment it has the private
identifiers of builds with the same text. Aliases in the module of a contract are what they name; C cannot have one that
the module takes from elsewhere.";

/// What makes the identifiers of a build private; the framework's macros read the same variable.
pub(crate) const PRIVATE: &str = "NMR_PRIVATE_NPI";

/// The arguments of `header`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The contract crate: a package of this workspace.
    package: String,
    /// Where the header goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What `header` answers.
#[derive(Serialize)]
struct Answer<'a> {
    package: &'a str,
    contracts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
}

/// A header that is ready to be written.
#[derive(Debug)]
struct Header {
    contracts: Vec<String>,
    text: String,
}

/// Runs `header`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let root = root_of(&args.package, &context.workspace)?;
    let suffix = std::env::var(PRIVATE).ok();
    let header = header(&args.package, &root, suffix.as_deref())?;
    let contracts = header.contracts.clone();
    let Some(file) = &args.output else {
        context.answer(&Answer {
            package: &args.package,
            contracts,
            file: None,
            header: Some(&header.text),
        })?;
        if !context.json {
            ui::print(header.text.trim_end().to_owned())?;
        }
        return Ok(());
    };
    let step = context.ui.step("header");
    write(file, &header.text)?;
    step.done(format!("{}: {}", file.display(), contracts.join(", ")));
    context.answer(&Answer { package: &args.package, contracts, file: Some(file), header: None })?;
    context.ui.next_step(format!("#include \"{}\" behind <netioddk.h>", file.display()));
    Ok(())
}

/// The root module of a package of the workspace.
fn root_of(package: &str, workspace: &Path) -> Result<PathBuf> {
    for folder in ["drivers", "crates"] {
        let root = workspace.join(folder).join(package).join("src/lib.rs");
        let is_name = !package.contains(['/', '\\', '.']);
        if is_name && root.is_file() {
            return Ok(root);
        }
    }
    Err(exit::usage(format!(
        "there is no library package {package} below drivers or crates: name a contract crate, such as echo-npi"
    )))
}

/// The header of the contracts of `package`, whose root module is `root`.
fn header(package: &str, root: &Path, suffix: Option<&str>) -> Result<Header> {
    let found = sources::find(root)?;
    if found.modules.is_empty() {
        return Err(exit::wrong(format!(
            "{package} has no contract: nothing below {} is a module with #[nmr::npi(..)]",
            root.display()
        )));
    }
    let mut faults = Vec::new();
    for module in &found.modules {
        if let Err(mistakes) = &module.reading.contract {
            faults.extend(mistakes.into_iter().map(|mistake| module.tell(&mistake)));
        }
    }
    faults.extend(same_names(&found.modules));
    if !faults.is_empty() {
        return Err(exit::wrong(faults.join("\n")));
    }
    let contracts: Vec<_> = found
        .modules
        .iter()
        .filter_map(|module| {
            let contract = module.reading.contract.as_ref().ok()?;
            Some(nmr_contract::c::Named { module: &module.reading, contract })
        })
        .collect();
    let about = nmr_contract::c::About { package, documentation: &found.documentation, suffix };
    let text = match nmr_contract::c::header(&about, &contracts) {
        Ok(text) => text,
        Err(error) => return Err(exit::wrong(sources::tell(file_of_fault(&found, &about), &error))),
    };
    let contracts = contracts.iter().map(|named| named.contract.name.to_string()).collect();
    Ok(Header { contracts, text })
}

/// Contracts of different modules that C could not tell apart.
fn same_names(modules: &[sources::Module]) -> Vec<String> {
    let contracts =
        || modules.iter().filter_map(|module| Some((module, module.reading.contract.as_ref().ok()?)));
    let prefixes: Vec<_> = contracts().map(|(_, contract)| nmr_contract::c::prefix(contract)).collect();
    let again = contracts().enumerate().filter(|(index, _)| prefixes[..*index].contains(&prefixes[*index]));
    again
        .map(|(index, (module, contract))| {
            let message = format!(
                "another contract of the crate is {} in C too, where all names are in one place: rename the module of one",
                prefixes[index]
            );
            module.tell(&syn::Error::new(contract.name.span(), message))
        })
        .collect()
}

/// The file of the contract that C cannot say.
fn file_of_fault<'a>(found: &'a sources::Found, about: &nmr_contract::c::About<'_>) -> &'a Path {
    let fails = |module: &&sources::Module| {
        let contract = module.reading.contract.as_ref().ok();
        contract.is_some_and(|contract| {
            nmr_contract::c::header(about, &[nmr_contract::c::Named { module: &module.reading, contract }])
                .is_err()
        })
    };
    found.modules.iter().find(fails).map_or(Path::new(""), |module| &module.file)
}

/// Aside first, so that no half a header is there.
fn write(file: &Path, text: &str) -> Result<()> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let write = || {
        let mut aside = tempfile::Builder::new().prefix(".header").tempfile_in(folder)?;
        std::io::Write::write_all(&mut aside, text.as_bytes())?;
        let (_, path) = aside.keep().map_err(|error| error.error)?;
        fs::rename(path, file)
    };
    write().with_context(|| format!("{} cannot be written", file.display()))
}
