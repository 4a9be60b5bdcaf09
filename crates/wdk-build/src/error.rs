//! What can go wrong while a build script configures itself for the WDK.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::missing::Missing;

/// An input or output error and the path it happened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {}: {source}", path.display())]
pub struct IoError {
    path: PathBuf,
    source: io::Error,
}

impl IoError {
    /// Says at which path `source` happened.
    pub fn with_path(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { path: path.into(), source }
    }
}

/// Why a build could not be configured.
///
/// Build scripts show the `Debug` form of the error they return, so `Debug` prints the sentence a person reads.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file or folder could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),

    /// Something that has to be installed is not there.
    #[error(transparent)]
    Missing(#[from] Missing),

    /// A variable names a folder that is not there.
    #[error("{variable} names {}, which is not a folder: correct it or unset it", path.display())]
    VariableNamesNoFolder {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        path: PathBuf,
    },

    /// A variable names a folder that is no workspace.
    #[error("{variable} names {}, which has no Cargo.toml in it", path.display())]
    VariableNamesNoWorkspace {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        path: PathBuf,
    },

    /// The workspace of the build was not found.
    #[error(
        "cannot find the workspace of this build: no folder above {} has a Cargo.lock; set NMR_WORKSPACE_ROOT to the \
         folder of the workspace's Cargo.toml, for example in the [env] table of .cargo/config.toml",
        searched.display()
    )]
    WorkspaceNotFound {
        /// Where the walk up began.
        searched: PathBuf,
    },

    /// `cargo metadata` did not answer.
    #[error("cargo metadata failed in {}: {reason}", workspace.display())]
    CargoMetadata {
        /// The workspace it was asked about.
        workspace: PathBuf,
        /// What it said.
        reason: String,
    },

    /// A `metadata.wdk` table does not say what it has to.
    #[error("{manifest}: [{table}] is not a WDK configuration: {reason}")]
    InvalidConfiguration {
        /// The manifest the table stands in.
        manifest: String,
        /// The table's name.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },

    /// No manifest of the workspace has a `metadata.wdk` table.
    #[error(
        "no WDK configuration: add [workspace.metadata.wdk.driver-model] with driver-type = \"WDM\" to the \
         workspace's Cargo.toml"
    )]
    NoConfiguration,

    /// Two manifests of the workspace want different drivers.
    #[error("one build graph has one WDK configuration, but these differ: {}", .0.join("; "))]
    ConflictingConfigurations(
        /// One line for each configuration: where it stands and what it says.
        Vec<String>,
    ),

    /// The target's processor has no kernel-mode kit.
    #[error("no Windows kernel runs on {0}: build for x86_64-pc-windows-msvc or aarch64-pc-windows-msvc")]
    UnsupportedArchitecture(
        /// The architecture Cargo builds for.
        String,
    ),

    /// What was asked for needs Microsoft's own kit.
    #[error(
        "{wanted} needs Microsoft's WDK, which the mingw-w64 headers cannot replace: set WDKContentRoot to a WDK (the \
         folder that has Include and Lib in it)"
    )]
    NeedsMicrosoftKit {
        /// What was asked for.
        wanted: &'static str,
    },

    /// Kernel code was about to be linked with the dynamic C runtime.
    #[error(
        "a driver links the C runtime statically: add -C target-feature=+crt-static to the driver's rustflags"
    )]
    StaticCrtNotEnabled,

    /// A variable that Cargo sets for build scripts is not there.
    #[error("{0} is not set: this function is for Cargo build scripts")]
    NotInBuildScript(
        /// The variable.
        &'static str,
    ),

    /// A version is not of the form 10.0.22621.0.
    #[error("{version} is not the version of a Windows kit; one looks like 10.0.22621.0")]
    InvalidKitVersion {
        /// What was found.
        version: String,
    },
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_the_sentence_a_build_script_shows() {
        let error =
            ConfigError::VariableNamesNoFolder { variable: "WDKContentRoot", path: "/nowhere".into() };
        assert_eq!(
            format!("{error:?}"),
            "WDKContentRoot names /nowhere, which is not a folder: correct it or unset it"
        );
    }

    #[test]
    fn io_error_names_the_path() {
        let error = ConfigError::from(IoError::with_path("out/types.rs", io::Error::other("disk full")));
        assert_eq!(error.to_string(), "cannot use out/types.rs: disk full");
    }
}
