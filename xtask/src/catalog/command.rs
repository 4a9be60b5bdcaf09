//! `cargo xtask catalog`: the catalogs of any driver package, as Inf2Cat makes them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::{Parameters, System, TrustList, lists, signed, unsigned};
use crate::architecture::Architecture;
use crate::context::Context;
use crate::digest::hex;
use crate::driver_package::Folder;
use crate::exit;
use crate::inf::Inf;
use crate::moment::Moment;
use crate::signer::{self, Location};
use crate::whole_file;

mod values;

/// The arguments of `catalog`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask catalog my-driver
  cargo xtask catalog my-driver --os 10_X64,Server10_X64 --key key.pem --certificate cert.pem
  cargo xtask catalog my-driver --os 10_RS3_ARM64 --unsigned -o out --json

Every INF in the folder and its sub-folders takes part: each catalog names the devices of all, and the files of all systems
of --os together, as in one run of Inf2Cat. The catalogs that they name in CatalogFile are written beside them, or to -o.
Sign images before: a catalog vouches for final bytes, and signing an image does not change the digest it is known by.

Given the same package, --os, --list-id and --time, the list inside is the one that Inf2Cat makes, byte for byte. What cannot
be made is refused, with exit code 1, and the other catalogs are made: cabinets, installer databases, scripts, PETrust and DRM
attributes, names that are not ASCII, a driver's image for another architecture than its INF's.")]
pub(crate) struct Args {
    /// The folder of the package.
    folder: PathBuf,
    /// The systems it is for, as Inf2Cat's /os takes them or as catalogs have them [default: Windows 10 for --architecture].
    #[arg(long, value_name = "LIST", conflicts_with = "architecture")]
    os: Option<String>,
    /// The architecture to make the catalog for: x64, arm64, x86 or arm.
    #[arg(long, default_value = "x64", value_parser = values::architecture)]
    architecture: Architecture,
    /// The versions of Windows that every file is for, like 2:10.0 [default: those it is installed on].
    #[arg(long, value_name = "VERSIONS", value_parser = values::versions)]
    osattr: Option<String>,
    /// The list's identifier, a GUID [default: it follows from what the list says].
    #[arg(long, value_name = "GUID", value_parser = values::identifier)]
    list_id: Option<[u8; 16]>,
    /// When the list is made: seconds since 1970, or like 2026-01-31T12:00:00Z [default: the time of the sources].
    #[arg(long, value_parser = values::time)]
    time: Option<u64>,
    /// Leave the catalogs unsigned, as Inf2Cat does.
    #[arg(long, conflicts_with_all = ["where_the_key_is", "certificate", "timestamp"])]
    unsigned: bool,
    /// The folder the catalogs go to; with one catalog, a file whose name ends in .cat will do.
    #[arg(short, long)]
    output: Option<PathBuf>,
    #[command(flatten)]
    signer: Location,
}

#[derive(Debug, Serialize)]
struct Answer {
    catalogs: Vec<Made>,
    refused: Vec<Refused>,
}

/// A catalog that could not be made.
#[derive(Debug, Serialize)]
struct Refused {
    catalog: String,
    reasons: Vec<String>,
}

/// A catalog that was made.
#[derive(Debug, Serialize)]
struct Made {
    path: PathBuf,
    list_id: String,
    /// Seconds since 1970.
    time: u64,
    signed: bool,
    /// What it says of the whole package.
    attributes: Vec<(String, String)>,
    members: Vec<MadeMember>,
}

#[derive(Debug, Serialize)]
struct MadeMember {
    file: String,
    digest: String,
}

/// Runs `catalog`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let systems = match &args.os {
        Some(list) => System::list(list).map_err(|error| exit::usage(format!("--os: {error}")))?,
        None => vec![System::oldest(args.architecture)],
    };
    let time = match args.time {
        Some(time) => time,
        None => Moment::of_sources(&context.workspace)?.epoch(),
    };
    let parameters = Parameters { systems, versions: args.osattr, identifier: args.list_id, time };
    let folder =
        Folder::read(&args.folder).map_err(|error| exit::usage(format!("there is no package: {error:#}")))?;
    let infs = folder.infs()?;
    let (lists, refused) = made(&infs, &parameters, |path| folder.content(path))?;
    let paths = values::destinations(&args.folder, args.output.as_deref(), lists.keys())?;
    let signer =
        if args.unsigned || lists.is_empty() { None } else { Some(signer::ready(&args.signer, context)?) };
    // All are signed before one is written: a token may be pulled.
    let content = |list| match &signer {
        Some(signer) => signed(list, signer),
        None => unsigned(list),
    };
    let contents = lists.values().map(content).collect::<Result<Vec<_>>>()?;
    let mut catalogs = Vec::new();
    for ((list, content), path) in lists.values().zip(contents).zip(paths) {
        whole_file::write(&path, &content)?;
        context.ui.note(format!("wrote {} ({} members)", path.display(), list.members.len()));
        catalogs.push(describe(path, list, signer.is_some()));
    }
    let failure = (!refused.is_empty()).then(|| {
        let reasons =
            refused.iter().map(|refused| format!("{}: {}", refused.catalog, refused.reasons.join("\n  ")));
        let reasons = reasons.collect::<Vec<_>>().join("\n  ");
        exit::wrong_as_answered(format!("{} catalogs cannot be made:\n  {reasons}", refused.len()))
    });
    if args.unsigned && !catalogs.is_empty() {
        context.ui.next_step("sign it: signtool sign, osslsigncode sign, or this command without --unsigned");
    }
    context.answer(&Answer { catalogs, refused })?;
    failure.map_or(Ok(()), Err)
}

fn describe(path: PathBuf, list: &TrustList, signed: bool) -> Made {
    let members = list
        .members
        .iter()
        .map(|member| MadeMember { file: member.file().unwrap_or_default(), digest: member.digest() });
    let members = members.collect();
    let attributes = list.attributes().collect();
    Made { path, list_id: hex(&list.identifier), time: list.time, signed, attributes, members }
}

/// The lists of the catalogs of the package of `infs`, by the catalogs' paths, and those that cannot be made.
fn made(
    infs: &[Inf],
    parameters: &Parameters,
    mut content: impl FnMut(&str) -> Result<Option<Vec<u8>>>,
) -> Result<(BTreeMap<String, TrustList>, Vec<Refused>)> {
    if infs.is_empty() {
        return Err(exit::usage("there is no .inf file in the folder"));
    }
    let mut unreadable = None;
    let lists = lists(infs, parameters, |path| {
        let content = content(path).unwrap_or_else(|error| {
            unreadable = Some(error);
            None
        });
        content.map(Cow::Owned)
    });
    if let Some(error) = unreadable {
        return Err(error);
    }
    let (mut made, mut refused) = (BTreeMap::new(), Vec::new());
    for (catalog, list) in lists {
        match list {
            Ok(list) => drop(made.insert(catalog, list)),
            Err(problems) => refused.push(Refused { catalog, reasons: problems.lines().collect() }),
        }
    }
    Ok((made, refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_inf_is_refused() {
        let parameters = Parameters { systems: Vec::new(), versions: None, identifier: None, time: 0 };
        let error = made(&[], &parameters, |_| Ok(None)).unwrap_err();
        assert!(error.to_string().contains("no .inf"));
        assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
    }
}
