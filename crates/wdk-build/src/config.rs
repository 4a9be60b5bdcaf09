//! The configuration of one build: the driver, the processor, the kit, and what Cargo is told about them.

use std::env;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::api_subset::{ApiSubset, link_attributes};
use crate::architecture::CpuArchitecture;
use crate::driver_config::DriverConfig;
use crate::host::ThisHost;
use crate::sources::{self, Sources};
use crate::workspace::{self, Workspace};
use crate::{ConfigError, clang_arguments, link_arguments};

/// The variable with which a build tool that has read all manifests says what they configure. Cargo compares its value,
/// so that bindings are made again when it changes and at no other time. Its content is not interpreted.
pub(crate) const CONFIGURATION_VARIABLE: &str = "NMR_WDK_CONFIGURATION";

/// The configuration of a build that depends on the WDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The driver that is built.
    pub driver_config: DriverConfig,
    cpu_architecture: CpuArchitecture,
    /// Found when first needed: most crates only want to know the driver model.
    sources: OnceLock<Sources>,
}

impl Config {
    /// The configuration for a driver on a processor.
    pub(crate) const fn for_driver(driver_config: DriverConfig, cpu_architecture: CpuArchitecture) -> Self {
        Self { driver_config, cpu_architecture, sources: OnceLock::new() }
    }

    /// Reads the configuration from the manifests of the workspace that is being built, and tells Cargo when to ask
    /// again.
    ///
    /// # Errors
    ///
    /// If this is no build script, the workspace is not found, or its manifests do not hold exactly one configuration.
    pub fn from_env_auto() -> Result<Self, ConfigError> {
        let named =
            env::var_os(workspace::ROOT_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = workspace::find_root(named, &out_dir()?)?;
        let workspace = Workspace::read(&root)?;
        let tracked = env::var_os(CONFIGURATION_VARIABLE).is_some();
        tell_cargo(&when_to_read_again(&workspace.manifests(), tracked));
        Ok(Self::for_driver(workspace.driver_config()?, CpuArchitecture::of_this_build()?))
    }

    /// The folders in which the kit's headers are.
    ///
    /// # Errors
    ///
    /// If the machine lacks anything that a driver build needs.
    pub fn include_paths(&self) -> Result<impl Iterator<Item = PathBuf>, ConfigError> {
        Ok(self.sources()?.kit.header_folders.clone().into_iter())
    }

    /// The folders in which the kit's libraries are.
    ///
    /// # Errors
    ///
    /// If the machine lacks anything that a driver build needs.
    pub fn library_paths(&self) -> Result<impl Iterator<Item = PathBuf>, ConfigError> {
        Ok(self.sources()?.kit.library_folders.clone().into_iter())
    }

    /// The macros that C code for this driver is compiled with.
    pub fn preprocessor_definitions(&self) -> impl Iterator<Item = (String, Option<String>)> {
        clang_arguments::definitions(&self.driver_config, self.cpu_architecture).into_iter()
    }

    /// The compiler options that make clang read this kit's headers.
    pub(crate) fn clang_arguments(&self) -> Result<Vec<String>, ConfigError> {
        let sources = self.sources()?;
        let mut arguments = sources.header_arguments();
        arguments.extend(self.preprocessor_definitions().map(|(name, value)| match value {
            Some(value) => format!("--define-macro={name}={value}"),
            None => format!("--define-macro={name}"),
        }));
        arguments.extend(clang_arguments::compiler_flags(sources.kit.dialect));
        Ok(arguments)
    }

    /// The headers of one part of the WDK's interface.
    ///
    /// # Errors
    ///
    /// If one of them depends on the kit, and there is no kit.
    pub fn headers(&self, subset: ApiSubset) -> Result<impl Iterator<Item = String>, ConfigError> {
        let mut headers: Vec<String> =
            subset.headers(&self.driver_config).into_iter().map(String::from).collect();
        if subset == ApiSubset::Usb && matches!(self.driver_config, DriverConfig::Kmdf(_)) {
            headers.extend(self.sources()?.kit.usb_controller_extension_header(&ThisHost));
            // Before version 20, clang rejects the inline functions of this header.
            if bindgen::clang_version().parsed.is_some_and(|(major, _)| major >= 20) {
                headers.push("ufx/1.1/ufxclient.h".to_owned());
            }
        }
        Ok(headers.into_iter())
    }

    /// C source that includes the headers of these parts.
    ///
    /// # Errors
    ///
    /// As for [`Self::headers`].
    pub fn bindgen_header_contents(
        &self,
        subsets: impl IntoIterator<Item = ApiSubset>,
    ) -> Result<String, ConfigError> {
        let mut source = String::new();
        for subset in subsets {
            source.extend(self.headers(subset)?.map(|header| format!("#include \"{header}\"\n")));
        }
        Ok(source)
    }

    /// Rust source that links the libraries of one part, if it has any.
    #[must_use]
    pub fn bindgen_library_link_raw_lines(&self, subset: ApiSubset) -> Option<String> {
        let libraries =
            subset.libraries(&self.driver_config, self.cpu_architecture == CpuArchitecture::Arm64);
        (!libraries.is_empty()).then(|| link_attributes(&libraries))
    }

    /// The name under which the framework's headers declare its function table; a WDM driver has none.
    #[must_use]
    pub fn compute_wdffunctions_symbol_name(&self) -> Option<String> {
        self.driver_config.function_table_symbol()
    }

    /// Tells Cargo which `cfg` values this crate may set.
    pub fn emit_check_cfg_settings() {
        tell_cargo(&[CHECK_CFG.to_owned()]);
    }

    /// Configures the build of a library that depends on the WDK.
    ///
    /// # Errors
    ///
    /// None today; the signature is upstream's.
    pub fn configure_library_build(&self) -> Result<(), ConfigError> {
        tell_cargo(&self.cfg_settings());
        Ok(())
    }

    /// Configures the link of a driver whose build script calls this.
    ///
    /// # Errors
    ///
    /// If the C runtime is not linked statically, or the machine lacks anything that a driver build needs.
    pub fn configure_binary_build(&self) -> Result<(), ConfigError> {
        let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
        if !features.split(',').any(|feature| feature == "crt-static") {
            return Err(ConfigError::StaticCrtNotEnabled);
        }
        self.emit_link_search()?;
        tell_cargo(&link_arguments::for_driver(&self.driver_config));
        tell_cargo(&self.cfg_settings());
        Ok(())
    }

    /// Finds everything bindings are made from, tells Cargo where the import libraries are, and when to look again.
    pub(crate) fn prepare_bindings(&self) -> Result<(), ConfigError> {
        let sources = self.sources()?;
        tell_cargo(&[format!("cargo::rerun-if-changed={}", sources.libclang.display())]);
        self.emit_link_search()
    }

    /// The version of the kit, if Microsoft's or laid out as theirs.
    pub(crate) fn kit_version(&self) -> Result<Option<&str>, ConfigError> {
        Ok(self.sources()?.kit.microsoft.as_ref().map(|(_, version)| version.as_str()))
    }

    fn emit_link_search(&self) -> Result<(), ConfigError> {
        let folders = self.sources()?.library_folders(&out_dir()?)?;
        let lines =
            folders.iter().map(|folder| format!("cargo::rustc-link-search=native={}", folder.display()));
        tell_cargo(&lines.collect::<Vec<_>>());
        Ok(())
    }

    fn cfg_settings(&self) -> Vec<String> {
        let driver_type = self.driver_config.type_name();
        vec![CHECK_CFG.to_owned(), format!("cargo::rustc-cfg=driver_model__driver_type=\"{driver_type}\"")]
    }

    fn sources(&self) -> Result<&Sources, ConfigError> {
        if let Some(sources) = self.sources.get() {
            return Ok(sources);
        }
        tell_cargo(&sources::when_to_find_again());
        let found = Sources::find(&self.driver_config, self.cpu_architecture)?;
        Ok(self.sources.get_or_init(|| found))
    }
}

const CHECK_CFG: &str =
    "cargo::rustc-check-cfg=cfg(driver_model__driver_type, values(\"WDM\",\"KMDF\",\"UMDF\"))";

/// When the manifests have to be read again. `manifests` are watched only if nobody who has read them says so by
/// [`CONFIGURATION_VARIABLE`]: Cargo looks at the age of a file, and would make all bindings again after any edit.
fn when_to_read_again(manifests: &[PathBuf], tracked: bool) -> Vec<String> {
    let mut lines = vec![
        format!("cargo::rerun-if-env-changed={}", workspace::ROOT_VARIABLE),
        format!("cargo::rerun-if-env-changed={CONFIGURATION_VARIABLE}"),
    ];
    if !tracked {
        lines.extend(manifests.iter().map(|path| format!("cargo::rerun-if-changed={}", path.display())));
    }
    lines
}

pub(crate) fn out_dir() -> Result<PathBuf, ConfigError> {
    env::var_os("OUT_DIR").map(PathBuf::from).ok_or(ConfigError::NotInBuildScript("OUT_DIR"))
}

fn tell_cargo(lines: &[String]) {
    lines.iter().for_each(|line| println!("{line}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver_config::KmdfConfig;

    fn wdm() -> Config {
        Config::for_driver(DriverConfig::Wdm, CpuArchitecture::Amd64)
    }

    #[test]
    fn manifests_are_watched_only_while_nobody_tracks_the_configuration() {
        let manifests = [PathBuf::from("/w/Cargo.toml")];
        let watched = "cargo::rerun-if-changed=/w/Cargo.toml".to_owned();
        assert!(when_to_read_again(&manifests, false).contains(&watched));
        let tracked = when_to_read_again(&manifests, true);
        assert!(!tracked.contains(&watched));
        assert!(tracked.contains(&"cargo::rerun-if-env-changed=NMR_WDK_CONFIGURATION".to_owned()));
    }

    #[test]
    fn the_driver_type_becomes_a_checked_cfg() {
        let kmdf = Config::for_driver(DriverConfig::Kmdf(KmdfConfig::new()), CpuArchitecture::Amd64);
        assert_eq!(kmdf.cfg_settings()[1], r#"cargo::rustc-cfg=driver_model__driver_type="KMDF""#);
        assert_eq!(kmdf.cfg_settings()[0], wdm().cfg_settings()[0]);
    }

    #[test]
    fn header_source_includes_each_header() {
        let source = wdm().bindgen_header_contents([ApiSubset::Base, ApiSubset::Wdf]).unwrap();
        assert_eq!(source, "#include \"ntifs.h\"\n#include \"ntddk.h\"\n#include \"ntstrsafe.h\"\n");
        assert_eq!(wdm().bindgen_library_link_raw_lines(ApiSubset::Gpio), None);
    }
}
