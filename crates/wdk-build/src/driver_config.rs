//! Which kind of driver a workspace builds, as its manifests say it.

use serde::Deserialize;

/// The driver model, with the framework versions it is built for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "driver-type", rename_all = "UPPERCASE", deny_unknown_fields)]
pub enum DriverConfig {
    /// Windows Driver Model.
    Wdm,
    /// Kernel-Mode Driver Framework.
    Kmdf(KmdfConfig),
    /// User-Mode Driver Framework.
    Umdf(UmdfConfig),
}

/// The framework versions of a KMDF driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KmdfConfig {
    /// The framework's major version.
    pub kmdf_version_major: u8,
    /// The minor version whose headers the driver is compiled with.
    pub target_kmdf_version_minor: u8,
    /// The oldest minor version the driver starts on, if older than the target.
    pub minimum_kmdf_version_minor: Option<u8>,
}

/// The framework versions of a UMDF driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UmdfConfig {
    /// The framework's major version.
    pub umdf_version_major: u8,
    /// The minor version whose headers the driver is compiled with.
    pub target_umdf_version_minor: u8,
    /// The oldest minor version the driver starts on, if older than the target.
    pub minimum_umdf_version_minor: Option<u8>,
}

impl Default for KmdfConfig {
    fn default() -> Self {
        Self { kmdf_version_major: 1, target_kmdf_version_minor: 33, minimum_kmdf_version_minor: None }
    }
}

impl KmdfConfig {
    /// The newest version the upstream crates know.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Default for UmdfConfig {
    fn default() -> Self {
        Self { umdf_version_major: 2, target_umdf_version_minor: 33, minimum_umdf_version_minor: None }
    }
}

impl UmdfConfig {
    /// The newest version the upstream crates know.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl DriverConfig {
    /// The value of the `driver_model__driver_type` cfg.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Wdm => "WDM",
            Self::Kmdf(_) => "KMDF",
            Self::Umdf(_) => "UMDF",
        }
    }

    /// Whether the driver runs in the kernel.
    pub(crate) const fn is_kernel_mode(&self) -> bool {
        !matches!(self, Self::Umdf(_))
    }

    /// The name under which the framework's headers declare its function table.
    pub(crate) fn function_table_symbol(&self) -> Option<String> {
        let (major, minor) = match self {
            Self::Wdm => return None,
            Self::Kmdf(version) => (version.kmdf_version_major, version.target_kmdf_version_minor),
            Self::Umdf(version) => (version.umdf_version_major, version.target_umdf_version_minor),
        };
        Some(format!("WdfFunctions_{major:02}0{minor:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<DriverConfig, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_three_models_are_read() {
        assert_eq!(parse(r#"{"driver-type":"WDM"}"#).unwrap(), DriverConfig::Wdm);
        assert_eq!(
            parse(r#"{"driver-type":"KMDF","kmdf-version-major":1,"target-kmdf-version-minor":33}"#).unwrap(),
            DriverConfig::Kmdf(KmdfConfig::new())
        );
        assert_eq!(
            parse(
                r#"{"driver-type":"UMDF","umdf-version-major":2,"target-umdf-version-minor":33,
                    "minimum-umdf-version-minor":15}"#
            )
            .unwrap(),
            DriverConfig::Umdf(UmdfConfig { minimum_umdf_version_minor: Some(15), ..UmdfConfig::new() })
        );
    }

    #[test]
    fn unknown_models_and_keys_are_refused() {
        assert!(parse(r#"{"driver-type":"VXD"}"#).unwrap_err().to_string().contains("VXD"));
        let typo = r#"{"driver-type":"KMDF","kmdf-version-major":1,"target-kmdf-version-miner":33}"#;
        assert!(parse(typo).unwrap_err().to_string().contains("target-kmdf-version-miner"));
    }

    #[test]
    fn the_function_table_is_named_after_the_version() {
        assert_eq!(DriverConfig::Wdm.function_table_symbol(), None);
        assert_eq!(
            DriverConfig::Kmdf(KmdfConfig::new()).function_table_symbol().as_deref(),
            Some("WdfFunctions_01033")
        );
        let umdf = UmdfConfig { target_umdf_version_minor: 5, ..UmdfConfig::new() };
        assert_eq!(DriverConfig::Umdf(umdf).function_table_symbol().as_deref(), Some("WdfFunctions_02005"));
    }
}
