//! Where the test signer lives: a folder of the user's own, outside of any checkout, made once.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use super::{Signer, generate, source};
use crate::context::Context;
use crate::exit;

/// Names the folder, instead of the user's data folder.
const VARIABLE: &str = "NMR_SIGNING_DIR";
const KEY: &str = "key.pem";
const CERTIFICATE: &str = "certificate.pem";

/// The default signer, which is made when there is none yet.
pub(super) fn default(context: &Context) -> Result<Signer> {
    let folder = default_folder(&context.workspace)?;
    let (signer, made) = default_signer(&folder)?;
    if made {
        context.ui.note(format!("made a test signing certificate in {}", folder.display()));
    }
    Ok(signer)
}

/// The signer in `folder`, and whether it was made now. Half a signer is neither used nor replaced.
fn default_signer(folder: &Path) -> Result<(Signer, bool)> {
    let (key, certificate) = (folder.join(KEY), folder.join(CERTIFICATE));
    let missing = match (key.exists(), certificate.exists()) {
        (true, true) => return Ok((source::load_pem(&key, &certificate)?, false)),
        (false, false) => {
            make(folder)?;
            return Ok((source::load_pem(&key, &certificate)?, true));
        }
        (false, true) => KEY,
        (true, false) => CERTIFICATE,
    };
    let folder = folder.display();
    Err(exit::missing(format!(
        "{folder} holds half of a test signer: restore {missing} there, or remove the folder {folder} to have a new one made"
    )))
}

/// `NMR_SIGNING_DIR`, else the place where the system keeps a user's data.
fn default_folder(workspace: &Path) -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set(VARIABLE) {
        return outside(folder, workspace);
    }
    let data = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else {
        set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))
    };
    let data =
        data.ok_or_else(|| exit::usage(format!("no place for the signing key: set HOME or {VARIABLE}")))?;
    Ok(data.join("nmr-drivers/test-signing"))
}

/// Refuses a folder that another current folder makes another one, or whose key could be committed.
fn outside(folder: PathBuf, workspace: &Path) -> Result<PathBuf> {
    let wrong = if !folder.is_absolute() {
        "is relative"
    } else if resolved(&folder).starts_with(resolved(workspace)) {
        "is inside the checkout"
    } else {
        return Ok(folder);
    };
    let folder = folder.display();
    Err(exit::usage(format!("{VARIABLE}={folder} {wrong}: name an absolute path outside the checkout")))
}

/// Where `path` leads, links followed as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let found = path.ancestors().find_map(|start| Some((start, fs::canonicalize(start).ok()?)));
    let Some((start, mut real)) = found else { return path.to_owned() };
    for part in path.strip_prefix(start).unwrap_or(path).components() {
        if part == Component::ParentDir {
            real.pop();
        } else {
            real.push(part);
        }
    }
    real
}

/// Makes a signer in `folder`. Key and certificate appear together, by one rename, which never replaces a folder that
/// holds anything.
fn make(folder: &Path) -> Result<()> {
    let cannot = || format!("a signing key cannot be made in {}", folder.display());
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(cannot)?;
    let staging = private_folder(parent).with_context(cannot)?;
    let made = generate::test_signer(SystemTime::now(), |_| {})?;
    write_private(&staging.path().join(KEY), made.key_pem.as_bytes()).with_context(cannot)?;
    write_private(&staging.path().join(CERTIFICATE), made.certificate_pem.as_bytes()).with_context(cannot)?;
    match fs::rename(staging.path(), folder) {
        Ok(()) => {
            // Nothing is left under the old name.
            let _ = staging.keep();
            Ok(())
        }
        // Another run was faster: its signer is as good.
        Err(_) if folder.join(KEY).exists() => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            Err(exit::wrong(format!(
                "{} holds other files; name another folder in {VARIABLE}, or use --key and --certificate",
                folder.display()
            )))
        }
        Err(error) => Err(error).with_context(cannot),
    }
}

/// Creates a folder in `parent` with mode 0700 from its first moment; dropping the value removes it.
fn private_folder(parent: &Path) -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".test-signing-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir_in(parent)
}

/// Creates the file `path` with mode 0600 from its first moment; it must not exist.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    private_mode(&mut options);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

#[cfg(unix)]
fn private_mode(options: &mut fs::OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private_mode(_options: &mut fs::OpenOptions) {}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn a_signer_is_made_private_and_never_replaced() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/test-signing");
        make(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&folder.join(KEY))), (0o700, 0o600));
        let before = fs::read(folder.join(KEY)).unwrap();
        make(&folder).unwrap();
        assert_eq!(fs::read(folder.join(KEY)).unwrap(), before);
        source::load_pem(&folder.join(KEY), &folder.join(CERTIFICATE)).unwrap();
        assert_eq!(
            fs::read_dir(folder.parent().unwrap()).unwrap().count(),
            1,
            "a staging folder was left behind"
        );
    }

    #[test]
    fn a_folder_with_other_files_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("mine.txt"), "mine").unwrap();
        let error = make(parent.path()).unwrap_err().to_string();
        assert!(error.contains("holds other files") && error.contains(VARIABLE), "{error}");
        assert_eq!(fs::read(parent.path().join("mine.txt")).unwrap(), b"mine");
    }

    #[test]
    fn half_a_signer_is_not_made_anew_and_the_way_out_is_told() {
        for half in [KEY, CERTIFICATE] {
            let parent = tempfile::tempdir().unwrap();
            let folder = parent.path().join("test-signing");
            assert!(default_signer(&folder).unwrap().1 && !default_signer(&folder).unwrap().1);
            fs::remove_file(folder.join(half)).unwrap();
            let error = default_signer(&folder).unwrap_err();
            assert_eq!(exit::reason_of(&error), exit::Reason::Missing);
            let advice = format!("restore {half} there, or remove the folder");
            assert!(error.to_string().contains(&advice), "{error}");
            assert!(!folder.join(half).exists());
        }
    }

    #[test]
    fn the_folder_that_is_named_must_be_absolute_and_outside_the_checkout() {
        let root = tempfile::tempdir().unwrap();
        let (workspace, link) = (root.path().join("work"), root.path().join("link"));
        fs::create_dir(&workspace).unwrap();
        std::os::unix::fs::symlink(&workspace, &link).unwrap();
        for good in
            [root.path().join("keys"), root.path().join("work-keys"), workspace.join("none/../../keys")]
        {
            assert_eq!(outside(good.clone(), &workspace).unwrap(), good);
        }
        let inside = [
            workspace.clone(),
            workspace.join("a/keys"),
            link.join("keys"),
            root.path().join("none/../work/keys"),
        ];
        for bad in inside.into_iter().chain(["keys".into(), "../keys".into()]) {
            let error = outside(bad, &workspace).unwrap_err();
            assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
            assert!(error.to_string().contains("name an absolute path outside the checkout"), "{error}");
        }
    }
}
