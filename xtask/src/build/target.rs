//! What drivers can be built for, and what the tools call it.

use crate::architecture::Architecture;

/// A kind of machine that a bundle is built for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// With the headers of mingw-w64, or those of a Windows kit.
    #[default]
    X64,
    /// With the headers and libraries of a Windows kit.
    Arm64,
}

impl Target {
    /// Every target.
    pub(crate) const ALL: [Self; 2] = [Self::X64, Self::Arm64];

    /// What INF, catalog and manifest call it.
    pub(crate) fn architecture(self) -> Architecture {
        match self {
            Self::X64 => Architecture::X64,
            Self::Arm64 => Architecture::Arm64,
        }
    }

    /// The compiler's target of kernel images.
    pub(crate) fn of_drivers(self) -> &'static str {
        match self {
            Self::X64 => "x86_64-pc-windows-msvc",
            Self::Arm64 => "aarch64-pc-windows-msvc",
        }
    }

    /// The compiler's target of everything else: its linker runs on Linux.
    pub(crate) fn of_programs(self) -> &'static str {
        match self {
            Self::X64 => "x86_64-pc-windows-gnu",
            Self::Arm64 => "aarch64-pc-windows-gnullvm",
        }
    }

    /// The program that links for [`Self::of_programs`].
    pub(crate) fn program_linker(self) -> &'static str {
        match self {
            Self::X64 => "x86_64-w64-mingw32-gcc",
            Self::Arm64 => "aarch64-w64-mingw32-clang",
        }
    }

    /// The linker's word for the machine of a kernel image.
    pub(super) fn machine(self) -> &'static str {
        match self {
            Self::X64 => "/MACHINE:X64",
            Self::Arm64 => "/MACHINE:ARM64",
        }
    }

    /// What follows the subcommand of every cargo command for kernel images. Another profile or target would not share
    /// the bindings, which take longest.
    pub(crate) fn driver_arguments(self) -> [&'static str; 5] {
        ["--locked", "--profile", "driver", "--target", self.of_drivers()]
    }

    /// Where cargo is told which linker [`Self::of_programs`] has.
    pub(super) fn linker_variable(self) -> &'static str {
        match self {
            Self::X64 => "CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER",
            Self::Arm64 => "CARGO_TARGET_AARCH64_PC_WINDOWS_GNULLVM_LINKER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_of_a_target_are_of_one_architecture() {
        for target in Target::ALL {
            let rust = match target.architecture() {
                Architecture::X64 => "x86_64",
                Architecture::Arm64 => "aarch64",
                other => panic!("no driver is built for {}", other.name()),
            };
            for name in [target.of_drivers(), target.of_programs(), target.program_linker()] {
                assert!(name.starts_with(rust), "{name}");
            }
            let variable = target.of_programs().to_ascii_uppercase().replace('-', "_");
            assert_eq!(target.linker_variable(), format!("CARGO_TARGET_{variable}_LINKER"));
            assert_eq!(target.machine().to_lowercase(), format!("/machine:{}", target.architecture().name()));
        }
    }
}
