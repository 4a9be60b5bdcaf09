//! The template: a Wine prefix with the lab's settings, made once per Wine, copied for every lab.
//!
//! Making a prefix takes many seconds and 700 MB, copying the template a fraction of a second and 15 MB: Wine's own
//! images are symbolic links to the installed ones. A driver is never written through such a link, because the folder
//! that drivers are copied to holds real copies.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{AtPath as _, Result};
use crate::machine::Machine;
use crate::wine::Wine;
use crate::{forwarder, settings};

const FIRST_BOOT: Duration = Duration::from_secs(180);
const SETTING: Duration = Duration::from_secs(60);

/// The template for `wine` under `root`; made if it is not there. Several processes may ask at once.
pub(crate) fn ready(wine: &Wine, root: &Path) -> Result<PathBuf> {
    fs::create_dir_all(root).at("made", root)?;
    let template = root.join(format!("template-{}-{}", wine.fingerprint(), settings::fingerprint()));
    let lock_path = root.join("template.lock");
    let lock = File::create(&lock_path).at("written", &lock_path)?;
    lock.lock().at("locked", &lock_path)?;
    if !template.is_dir() {
        // Under another name until it is whole: an interrupted run leaves nothing that looks like a template.
        let unfinished = root.join("template.unfinished");
        if unfinished.exists() {
            // Whoever was killed over it has let go of the lock, and perhaps not of the machine.
            Machine::new(wine.clone(), &unfinished)?.stop_server();
            fs::remove_dir_all(&unfinished).at("removed", &unfinished)?;
        }
        make(wine, &unfinished)?;
        fs::rename(&unfinished, &template).at("moved", &unfinished)?;
    }
    Ok(template)
}

fn make(wine: &Wine, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).at("made", folder)?;
    let machine = Machine::new(wine.clone(), folder)?;
    machine.start_server()?;
    let made = configure(wine, &machine);
    machine.stop_server();
    made?;
    let drive = machine.drive();
    link_images(wine, &drive.join("windows"))?;
    let port = machine.prefix().join("dosdevices/com1");
    if port.is_symlink() {
        fs::remove_file(&port).at("removed", &port)?;
    }
    Ok(())
}

fn configure(wine: &Wine, machine: &Machine) -> Result<()> {
    machine.wine("first-boot", &["wineboot", "-i"], FIRST_BOOT)?.success()?;
    let drive = machine.drive();
    write(&drive.join(settings::CRASH_SCRIPT), settings::CRASH_SCRIPT_TEXT)?;
    write(&drive.join("settings.reg"), settings::REGISTRY)?;
    machine.wine("settings", &["reg", "import", r"C:\settings.reg"], SETTING)?.success()?;
    if !wine.images().join(forwarder::NAME).exists() {
        forwarder::build(&drive.join("windows/system32"), machine.folder())?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).at("written", path)
}

/// Replaces every copy of one of Wine's own images by a link to the original, except where drivers are written.
fn link_images(wine: &Wine, windows: &Path) -> Result<()> {
    let mut originals = HashMap::new();
    for entry in fs::read_dir(wine.images()).at("read", wine.images())?.flatten() {
        if let Ok(metadata) = entry.metadata() {
            originals.insert(entry.file_name().to_ascii_lowercase(), (entry.path(), metadata.len()));
        }
    }
    let drivers = windows.join("system32/drivers");
    let mut folders = vec![windows.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).at("read", &folder)? {
            let path = entry.at("read", &folder)?.path();
            let metadata = path.symlink_metadata().at("read", &path)?;
            if metadata.is_dir() {
                if path != drivers {
                    folders.push(path);
                }
            } else if metadata.is_file()
                && let Some((original, length)) =
                    path.file_name().and_then(|name| originals.get(&name.to_ascii_lowercase()))
                && *length == metadata.len()
            {
                fs::remove_file(&path).at("removed", &path)?;
                symlink(original, &path).at("linked", &path)?;
            }
        }
    }
    Ok(())
}

/// Copies the folder `from` to the new folder `to`. Links stay links.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).at("made", to)?;
    for entry in fs::read_dir(from).at("read", from)? {
        let entry = entry.at("read", from)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().at("read", &source)?;
        if kind.is_symlink() {
            symlink(fs::read_link(&source).at("read", &source)?, &target).at("linked", &target)?;
        } else if kind.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target).at("written", &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_links_where_the_original_has_links_and_shares_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("a/b/file"), "text").unwrap();
        symlink("../a/b/file", from.join("a/link")).unwrap();
        symlink("/nowhere", from.join("dangling")).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read_link(to.join("a/link")).unwrap(), Path::new("../a/b/file"));
        assert_eq!(fs::read_link(to.join("dangling")).unwrap(), Path::new("/nowhere"));
        fs::write(to.join("a/b/file"), "changed").unwrap();
        assert_eq!(fs::read_to_string(from.join("a/b/file")).unwrap(), "text");
    }
}
