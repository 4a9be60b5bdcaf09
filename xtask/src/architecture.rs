//! The processor architectures of Windows drivers and what each is called, where.

/// A processor architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Architecture {
    X64,
    Arm64,
    /// In INF files and catalogs only.
    X86,
    /// In INF files and catalogs only.
    Arm,
}

impl Architecture {
    /// Every architecture that drivers are built for.
    pub(crate) const ALL: [Self; 2] = [Self::X64, Self::Arm64];
    /// Every architecture that an INF can name.
    pub(crate) const OF_INFS: [Self; 4] = [Self::X86, Self::X64, Self::Arm, Self::Arm64];

    /// The name people use, and bundles.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X64 => "x64",
            Self::Arm64 => "arm64",
            Self::X86 => "x86",
            Self::Arm => "arm",
        }
    }

    /// The name in INF files, after `NT`.
    pub(crate) fn inf(self) -> &'static str {
        match self {
            Self::X64 => "amd64",
            Self::Arm64 => "arm64",
            Self::X86 => "x86",
            Self::Arm => "arm",
        }
    }

    /// The architecture that INF files call `name`, in lower case.
    pub(crate) fn of_inf(name: &str) -> Option<Self> {
        Self::OF_INFS.into_iter().find(|architecture| architecture.inf() == name)
    }

    /// The machine field of a PE image.
    pub(crate) fn machine(self) -> u16 {
        match self {
            Self::X64 => 0x8664,
            Self::Arm64 => 0xAA64,
            Self::X86 => 0x014C,
            Self::Arm => 0x01C4,
        }
    }

    /// The oldest system a catalog of this architecture vouches for, as `Inf2Cat` writes it: the first Windows 10, and
    /// Windows 8.1 where there was no Windows 10.
    pub(crate) fn catalog_os(self) -> &'static str {
        match self {
            Self::X64 => "_v100_X64",
            Self::Arm64 => "_v100_ARM64_RS3",
            Self::X86 => "_v100",
            Self::Arm => "_v63_ARM",
        }
    }
}
