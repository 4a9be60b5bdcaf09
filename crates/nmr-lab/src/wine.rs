//! The Wine that makes the lab machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use crate::error::{LabError, Result};

/// Debian puts the 64-bit programs here, and none of them into the search path.
const PROGRAMS: &str = "/usr/lib/wine";
/// Where Debian keeps Wine's own Windows images.
const IMAGES: &str = "/usr/lib/x86_64-linux-gnu/wine/x86_64-windows";

/// An installed Wine.
#[derive(Clone, Debug)]
pub struct Wine {
    loader: PathBuf,
    server: PathBuf,
    images: PathBuf,
}

impl Wine {
    /// Finds Debian's 64-bit Wine.
    ///
    /// # Errors
    /// `Missing`, naming the package.
    pub fn find() -> Result<Self> {
        let program = |name: &str, package| present(Path::new(PROGRAMS).join(name), package);
        let loader = program("wine64", "wine64")?;
        // The `wineserver` beside it is a wrapper that ends the server with the last program, and with it, without
        // calling DriverUnload, every driver. So the server itself is started.
        let server = program("wineserver64", "wine64")?;
        let images = present(PathBuf::from(IMAGES), "libwine")?;
        Ok(Self { loader, server, images })
    }

    /// The folder of Wine's own Windows images.
    #[must_use]
    pub fn images(&self) -> &Path {
        &self.images
    }

    /// A short text that changes when another Wine is installed. Templates are good for one Wine only.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for file in
            [&self.loader, &self.server, &self.images.join("ntoskrnl.exe"), &self.images.join("ntdll.dll")]
        {
            let facts = file.metadata().ok().map(|metadata| {
                let time = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                (metadata.len(), time)
            });
            hash.update(format!("{} {facts:?}\n", file.display()));
        }
        hash.finalize()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The command that runs a Windows program. Without address randomisation: with it, one start in thousands fails
    /// because something already lies where Wine needs a fixed address.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new("setarch");
        command.args(["x86_64", "-R"]).arg(&self.loader);
        command
    }

    /// The command for Wine's server.
    pub(crate) fn server(&self) -> Command {
        let mut command = Command::new("setarch");
        command.args(["x86_64", "-R"]).arg(&self.server);
        command
    }
}

/// The compiler that makes the small libraries Wine lacks.
///
/// # Errors
/// `Missing`, naming the package.
pub(crate) fn mingw_compiler() -> Result<PathBuf> {
    present(PathBuf::from("/usr/bin/x86_64-w64-mingw32-gcc"), "gcc-mingw-w64-x86-64-win32")
}

/// `path`, if it is there.
pub(crate) fn present(path: PathBuf, package: &'static str) -> Result<PathBuf> {
    if path.exists() {
        Ok(path)
    } else {
        Err(LabError::Missing { program: path.display().to_string(), package })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let error = present(PathBuf::from("/no/such/wine64"), "wine64").unwrap_err().to_string();
        assert!(error.contains("/no/such/wine64") && error.contains("Debian package wine64"), "{error}");
    }
}
