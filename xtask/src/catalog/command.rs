//! `cargo xtask catalog`: a signed catalog for any folder that holds a primitive driver's package.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::signed;
use crate::architecture::Architecture;
use crate::bundle::Bundle;
use crate::context::Context;
use crate::driver_package;
use crate::exit;
use crate::inf::Inf;
use crate::inf::primitive::primitive;
use crate::moment::Moment;
use crate::signer::{self, Location, Signer};

/// The arguments of `catalog`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask catalog my-driver
  cargo xtask catalog my-driver --architecture arm64 --key key.pem --certificate cert.pem

Each INF in the folder must be a stamped INF of a primitive driver; its CatalogFile is written beside it. Sign images before:
a catalog vouches for final bytes, and signing an image does not change the digest it is known by.")]
pub(crate) struct Args {
    /// The folder of the package.
    folder: PathBuf,
    /// The architecture to make the catalog for: x64 or arm64.
    #[arg(long, default_value = "x64", value_parser = architecture)]
    architecture: Architecture,
    #[command(flatten)]
    signer: Location,
}

#[derive(Debug, Serialize)]
struct Answer {
    catalogs: Vec<PathBuf>,
}

fn architecture(text: &str) -> Result<Architecture, String> {
    let found = Architecture::ALL.into_iter().find(|known| known.name() == text);
    found.ok_or_else(|| "expected x64 or arm64".to_owned())
}

/// Runs `catalog`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let (Bundle { files }, oddities) = Bundle::read(&args.folder)?;
    for oddity in oddities {
        context.ui.warn(format!("{} is left out: {}", oddity.path, oddity.what));
    }
    let moment = Moment::of_sources(&context.workspace)?;
    let signer = signer::ready(&args.signer, context)?;
    let made = catalogs(&files, args.architecture, moment, &signer)?;
    let mut catalogs = Vec::new();
    for (name, content) in made {
        let path = args.folder.join(name);
        write_whole(&path, &content)?;
        context.ui.note(format!("wrote {}", path.display()));
        catalogs.push(path);
    }
    context.answer(&Answer { catalogs })
}

/// The catalogs by name, made for the package `files`, whose paths are relative to it.
fn catalogs(
    files: &BTreeMap<String, Vec<u8>>,
    architecture: Architecture,
    moment: Moment,
    signer: &Signer,
) -> Result<BTreeMap<String, Vec<u8>>> {
    let is_inf = |path: &str| !path.contains('/') && path.to_ascii_lowercase().ends_with(".inf");
    let mut made = BTreeMap::new();
    for (name, content) in files.iter().filter(|(path, _)| is_inf(path)) {
        let primitive = primitive(&Inf::parse(name, content)?, architecture)?;
        let find = |path: &str| {
            let found = files.iter().find(|(known, _)| known.eq_ignore_ascii_case(path));
            found.map(|(_, content)| content.as_slice())
        };
        let payload = driver_package::payload(name, &primitive, architecture, find)?;
        let catalog = signed(&payload, architecture.catalog_os(), moment, signer)?;
        if made.insert(primitive.catalog.clone(), catalog).is_some() {
            return Err(exit::wrong(format!(
                "{name}: another INF has the CatalogFile {} already",
                primitive.catalog
            )));
        }
    }
    if made.is_empty() {
        return Err(exit::usage("there is no .inf file in the folder"));
    }
    Ok(made)
}

/// Writes beside `path` first, then renames.
fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    let cannot = || format!("{} cannot be written", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(cannot)?;
    file.write_all(content).with_context(cannot)?;
    #[cfg(unix)]
    std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::package::assemble::samples;
    use crate::signer::samples::signer;

    fn package() -> BTreeMap<String, Vec<u8>> {
        let files = samples::bundle().files.into_iter();
        files
            .filter_map(|(path, content)| Some((path.strip_prefix("composite/")?.to_owned(), content)))
            .collect()
    }

    fn make(files: &BTreeMap<String, Vec<u8>>) -> Result<BTreeMap<String, Vec<u8>>> {
        catalogs(files, Architecture::X64, Moment::from_epoch(1_767_225_600).unwrap(), signer())
    }

    #[test]
    fn the_catalog_of_a_bundle_is_made_again_byte_for_byte() {
        let files = package();
        let made = make(&files).unwrap();
        assert_eq!(made, BTreeMap::from([("composite.cat".to_owned(), files["composite.cat"].clone())]));
    }

    #[test]
    fn file_names_are_found_whatever_the_letter_case() {
        let mut files = package();
        let image = files.remove("composite.sys").unwrap();
        files.insert("Composite.SYS".into(), image);
        assert_eq!(make(&files).unwrap()["composite.cat"], package()["composite.cat"]);
    }

    #[test]
    fn a_folder_without_inf_and_two_infs_with_one_catalog_are_refused() {
        assert!(make(&BTreeMap::new()).unwrap_err().to_string().contains("no .inf"));
        let mut files = package();
        files.insert("second.inf".into(), files["composite.inf"].clone());
        assert!(
            make(&files)
                .unwrap_err()
                .to_string()
                .contains("second.inf: another INF has the CatalogFile composite.cat")
        );
    }

    #[test]
    fn a_catalog_is_written_whole_over_an_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.cat");
        fs::write(&path, "old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
