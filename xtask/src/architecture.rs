//! The processor architectures of Windows drivers and what each is called, where.

/// A processor architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Architecture {
    X64,
    Arm64,
}

impl Architecture {
    /// Every architecture there is.
    pub(crate) const ALL: [Self; 2] = [Self::X64, Self::Arm64];

    /// The name people use, and bundles.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X64 => "x64",
            Self::Arm64 => "arm64",
        }
    }

    /// The name in INF files, after `NT`.
    pub(crate) fn inf(self) -> &'static str {
        match self {
            Self::X64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// The machine field of a PE image.
    pub(crate) fn machine(self) -> u16 {
        match self {
            Self::X64 => 0x8664,
            Self::Arm64 => 0xAA64,
        }
    }

    /// The oldest system a catalog of this architecture vouches for, as `Inf2Cat` writes it: the first Windows 10.
    pub(crate) fn catalog_os(self) -> &'static str {
        match self {
            Self::X64 => "_v100_X64",
            Self::Arm64 => "_v100_ARM64_RS3",
        }
    }
}
