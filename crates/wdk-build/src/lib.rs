//! Drop-in for Microsoft's wdk-build 0.6.0 that also runs on Linux hosts.
//!
//! The build scripts of the unmodified `wdk-sys`, `wdk`, `wdk-alloc` and `wdk-panic` use this crate through
//! `[patch.crates-io]`. It reads which driver a workspace builds, finds a kit, sets bindgen up for its headers, and tells
//! Cargo what the crates need to know.
//!
//! What it does differently from upstream:
//! - It runs on any host. Off Windows, where no kit is named by `WDKContentRoot` or `MicrosoftKitRoot`, the kernel
//!   headers and import libraries of mingw-w64 serve, for WDM drivers on x86-64. A Windows kit on a file system that
//!   minds case is read as if it did not.
//! - It takes the workspace from `NMR_WORKSPACE_ROOT`, and walks up from the build's output folder to a `Cargo.lock`
//!   only if that is not set. So the target folder may lie anywhere.
//! - It asks Cargo about workspace members only, without the driver's rustflags.
//! - Bindings are not made again after every edit of a manifest. A tool that drives the build puts the configuration
//!   that it read into `NMR_WDK_CONFIGURATION`; Cargo compares the value. Without it, the workspace's manifest is
//!   watched, and a member's only if it has a `metadata.wdk` table.
//! - What a machine lacks is one error, from the one crate that needs it, with the line that installs it.
//! - Libraries, too, are told where the import libraries are, so that a tool can link the driver itself.

mod api_subset;
mod architecture;
mod bindings;
mod case_overlay;
mod clang_arguments;
mod config;
mod driver_config;
mod error;
mod host;
mod import_library;
mod kit;
mod kit_root;
mod libclang;
mod link_arguments;
mod mingw;
mod missing;
mod sources;
mod workspace;

pub use api_subset::ApiSubset;
pub use architecture::CpuArchitecture;
pub use bindings::BuilderExt;
pub use config::Config;
pub use driver_config::{DriverConfig, KmdfConfig, UmdfConfig};
pub use error::{ConfigError, IoError};
pub use missing::{Missing, Piece};

/// Configures the build of a library that depends on the WDK.
///
/// A workspace without a WDK configuration is not an error: a library may be built for its own sake.
///
/// # Errors
///
/// If the workspace is not found or its configuration is wrong.
pub fn configure_wdk_library_build() -> Result<(), ConfigError> {
    match Config::from_env_auto() {
        Ok(config) => config.configure_library_build(),
        Err(ConfigError::NoConfiguration) => {
            without_configuration();
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Configures the build of a library that depends on the WDK, then calls `generate`, which makes bindings.
///
/// # Errors
///
/// As [`configure_wdk_library_build`]; also if the machine lacks what bindings are made from, or if `generate` fails.
pub fn configure_wdk_library_build_and_then<F, E>(mut generate: F) -> Result<(), E>
where
    F: FnMut(Config) -> Result<(), E>,
    E: From<ConfigError>,
{
    match Config::from_env_auto() {
        Ok(config) => {
            config.configure_library_build()?;
            config.prepare_bindings()?;
            generate(config)
        }
        Err(ConfigError::NoConfiguration) => {
            without_configuration();
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Configures the link of a driver whose build script calls this.
///
/// # Errors
///
/// If the configuration is missing or wrong, the C runtime is not linked statically, or the machine lacks what a
/// driver build needs.
pub fn configure_wdk_binary_build() -> Result<(), ConfigError> {
    Config::from_env_auto()?.configure_binary_build()
}

/// The build number of the kit in use: the third part of a version like 10.0.22621.0.
///
/// # Errors
///
/// If there is no Windows kit, or its version has another form.
pub fn detect_wdk_build_number() -> Result<u32, ConfigError> {
    let config = Config::for_driver(DriverConfig::Wdm, CpuArchitecture::Amd64);
    let version =
        config.kit_version()?.ok_or(ConfigError::NeedsMicrosoftKit { wanted: "a WDK build number" })?;
    build_number(version)
}

fn build_number(version: &str) -> Result<u32, ConfigError> {
    let parts: Vec<&str> = version.split('.').collect();
    match parts[..] {
        ["10", minor, build, revision] if minor.parse::<u32>().is_ok() && revision.parse::<u32>().is_ok() => {
            build.parse().ok()
        }
        _ => None,
    }
    .ok_or_else(|| ConfigError::InvalidKitVersion { version: version.to_owned() })
}

fn without_configuration() {
    println!("cargo::warning={}", ConfigError::NoConfiguration);
    Config::emit_check_cfg_settings();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_number_is_the_third_part() {
        assert_eq!(build_number("10.0.22621.0").unwrap(), 22621);
        for version in ["10.0.22621", "11.0.22621.0", "10.0.x.0", "10.0.22621.0.1", ""] {
            assert!(build_number(version).is_err(), "{version}");
        }
    }
}
