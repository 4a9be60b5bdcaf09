//! The processors a Windows kernel runs on.

use crate::ConfigError;

/// A processor architecture, under its name in Windows kits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CpuArchitecture {
    /// x86-64.
    Amd64,
    /// AArch64.
    Arm64,
}

impl CpuArchitecture {
    /// The architecture that Cargo calls `name` in `CARGO_CFG_TARGET_ARCH`.
    #[must_use]
    pub fn try_from_cargo_str(name: impl AsRef<str>) -> Option<Self> {
        match name.as_ref() {
            "x86_64" => Some(Self::Amd64),
            "aarch64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// The name of this architecture's folders in a kit.
    #[must_use]
    pub const fn as_windows_str(&self) -> &'static str {
        match self {
            Self::Amd64 => "x64",
            Self::Arm64 => "ARM64",
        }
    }

    /// The architecture the running build script's package is compiled for.
    pub(crate) fn of_this_build() -> Result<Self, ConfigError> {
        const VARIABLE: &str = "CARGO_CFG_TARGET_ARCH";
        let name = std::env::var(VARIABLE).map_err(|_| ConfigError::NotInBuildScript(VARIABLE))?;
        Self::try_from_cargo_str(&name).ok_or(ConfigError::UnsupportedArchitecture(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_names_become_kit_names() {
        assert_eq!(CpuArchitecture::try_from_cargo_str("x86_64").map(|a| a.as_windows_str()), Some("x64"));
        assert_eq!(CpuArchitecture::try_from_cargo_str("aarch64").map(|a| a.as_windows_str()), Some("ARM64"));
        assert_eq!(CpuArchitecture::try_from_cargo_str("riscv64"), None);
    }
}
