//! Where a bundle lies on the target: a folder of its own per version and content, so that the one before stays whole
//! and can be brought back.

use anyhow::Result;
use nmrctl::bundle::Bundle;
use nmrctl::manifest::{MANIFEST_FILE, is_plain_path, sha256_hex};

use crate::exit;

/// The folder of all bundles on a target.
pub(super) const ROOT: &str = r"C:\lab";

/// The folder of one bundle on a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetFolder(String);

impl TargetFolder {
    /// The folder for `bundle`. Two bundles of one version that differ in content have different folders.
    pub(super) fn of(bundle: &Bundle) -> Result<Self> {
        let manifest = bundle.read(MANIFEST_FILE).map_err(|failure| exit::wrong(failure.to_string()))?;
        let content = &sha256_hex(&manifest)[..8];
        let name = format!("{}-{}-{content}", bundle.manifest.name, bundle.manifest.version);
        // The name becomes a word of command lines over there.
        if name.contains('/') || !is_plain_path(&name) {
            return Err(exit::wrong(format!(
                "the manifest's name and version make no plain folder name: {name:?}"
            )));
        }
        Ok(Self(name))
    }

    /// The path for the machine's command processor.
    pub(super) fn path(&self) -> String {
        format!(r"{ROOT}\{}", self.0)
    }

    /// The path for scp.
    pub(super) fn scp_path(&self) -> String {
        self.path().replace('\\', "/")
    }

    /// The path of the bundle's nmrctl.
    pub(super) fn nmrctl(&self) -> String {
        format!(r"{}\nmrctl.exe", self.path())
    }

    /// The command line that makes the folder of all bundles. Understood by `cmd` and by PowerShell.
    pub(super) fn make_root_line() -> String {
        format!("cmd /c if not exist {ROOT} mkdir {ROOT}")
    }

    /// The command line that prints something if the folder is still there. `rmdir` ends with 0 even where a file in
    /// use made it stop half way.
    pub(super) fn look_line(&self) -> String {
        format!("cmd /c if exist {path} echo {path} is still there", path = self.path())
    }

    /// The command line that removes the folder.
    pub(super) fn remove_line(&self) -> String {
        format!("cmd /c if exist {path} rmdir /s /q {path}", path = self.path())
    }
}
