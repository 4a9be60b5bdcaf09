//! Identifiers on the command line that something has already: two drivers are not one module, two contracts not one NPI.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Args;
use super::contracts::FOLDER;
use crate::exit;

/// Refuses an identifier that a driver or contract of the workspace has, or that is given twice.
pub(super) fn refuse(args: &Args, workspace: &Path) -> Result<()> {
    let given: Vec<(&str, String)> = args
        .module_id
        .iter()
        .map(|id| ("--module-id", id.to_ascii_lowercase()))
        .chain(args.npi_ids.iter().map(|text| {
            let id = text.rsplit('=').next().unwrap_or(text);
            ("--npi-id", id.to_ascii_lowercase())
        }))
        .collect();
    for (index, (option, id)) in given.iter().enumerate() {
        if given[..index].iter().any(|(_, other)| other == id) {
            return Err(exit::usage(format!("{id} is given twice: leave {option} out, and one is drawn")));
        }
    }
    let folder = workspace.join(FOLDER);
    let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    for root in entries.flatten().map(|entry| entry.path().join("src/lib.rs")) {
        let Ok(text) = fs::read_to_string(&root) else { continue };
        let text = text.to_ascii_lowercase();
        if let Some((option, id)) = given.iter().find(|(_, id)| text.contains(&format!("\"{id}\""))) {
            let place = root.strip_prefix(workspace).unwrap_or(&root).display();
            return Err(exit::usage(format!(
                "{place} has the identifier {id} already: leave {option} out, and one is drawn"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5C3AD01C-2a0e-4d9c-9d77-0d3f0b5f5c11";
    const OTHER: &str = "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c12";

    #[test]
    fn an_identifier_belongs_to_one() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = workspace.path().join("drivers/gauge/src");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("lib.rs"), format!("module_id: \"{}\",", ID.to_lowercase())).unwrap();
        let refused = |module_id: Option<&str>, npi_ids: &[&str]| {
            let npi_ids = npi_ids.iter().map(ToString::to_string).collect();
            let module_id = module_id.map(ToOwned::to_owned);
            let args = Args { name: None, clients: vec![], providers: vec![], module_id, npi_ids };
            refuse(&args, workspace.path()).map_err(|error| error.to_string()).err().unwrap_or_default()
        };
        assert!(refused(Some(ID), &[]).contains("gauge/src/lib.rs has the identifier"));
        assert!(refused(None, &[&format!("some-npi={ID}")]).contains("leave --npi-id out"));
        assert!(refused(Some(OTHER), &[&format!("some-npi={OTHER}")]).contains("given twice"));
        assert_eq!(refused(Some(OTHER), &[]), "");
    }
}
