//! Decorations: the ends of section names that say which systems a section is for, as in `NTamd64.10.0...16299`.

use super::install::number;
use super::{Place, Problem, rule};
use crate::architecture::Architecture;

/// A system that a driver is installed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) architecture: Architecture,
    pub(crate) major: u32,
    pub(crate) minor: u32,
    /// The build number; [`u32::MAX`] stands for the newest.
    pub(crate) build: u32,
    /// A server, not a client.
    pub(crate) server: bool,
}

impl Platform {
    /// The newest Windows for `architecture`.
    pub(crate) fn newest(architecture: Architecture) -> Self {
        Self { architecture, major: 10, minor: 0, build: u32::MAX, server: false }
    }

    #[cfg(test)]
    pub(crate) fn windows_10(architecture: &str, build: u32) -> Self {
        let architecture = Architecture::of_inf(architecture).unwrap();
        Self { architecture, major: 10, minor: 0, build, server: false }
    }
}

/// `NT[architecture][.[major][.[minor][.[product type][.[suite mask][.[build number]]]]]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decoration {
    pub(crate) architecture: Option<Architecture>,
    /// Major, minor, product type, suite mask, build number.
    numbers: [Option<u32>; 5],
}

/// The first build that reads build numbers in decorations.
const FIRST_BUILD: u32 = 14_310;

impl Decoration {
    /// Reads a decoration, in any letter case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let mut parts = lower.split('.');
        let name = parts.next()?.strip_prefix("nt")?;
        let architecture = match name {
            // A processor that no Windows of today runs on.
            "ia64" | "alpha" | "axp64" => return None,
            "" => None,
            name => Some(Architecture::of_inf(name)?),
        };
        let mut numbers = [None; 5];
        for (index, part) in parts.enumerate() {
            let slot = numbers.get_mut(index)?;
            *slot = match part.trim() {
                "" => None,
                part => Some(number(part)?),
            };
        }
        Some(Self { architecture, numbers })
    }

    /// Splits a section's name into the name it is a variant of, and the decoration.
    pub(crate) fn split(name: &str) -> Option<(&str, Self)> {
        name.match_indices('.').find_map(|(at, _)| {
            let decoration = Self::parse(&name[at + 1..])?;
            (at > 0).then(|| (&name[..at], decoration))
        })
    }

    /// Whether Windows on `platform` looks at what is decorated so. Without an architecture it stands for every one.
    pub(crate) fn fits(&self, platform: &Platform) -> bool {
        let [major, minor, product, _, build] = self.numbers;
        let version = (major.unwrap_or(0), minor.unwrap_or(0));
        let current = (platform.major, platform.minor);
        let kind = if platform.server { 3 } else { 1 };
        self.architecture.is_none_or(|architecture| architecture == platform.architecture)
            && version <= current
            && (version < current || build.is_none_or(|build| build <= platform.build))
            && product.is_none_or(|product| product == kind || (product == 2 && platform.server))
    }

    /// Orders what fits: the greatest is closest to the system.
    pub(crate) fn closeness(&self) -> impl Ord + use<> {
        let [major, minor, product, suite, build] = self.numbers;
        (major, minor, build, product.is_some(), suite.is_some(), self.architecture.is_some())
    }

    /// What is wrong with the numbers, at `place`.
    pub(super) fn problem(&self, place: Place) -> Option<Problem> {
        let [major, minor, _, _, build] = self.numbers;
        let build = build?;
        let version = (major.unwrap_or(0), minor.unwrap_or(0));
        (version < (10, 0) || build < FIRST_BUILD).then(|| {
            let what =
                format!("a section for build {build} of Windows {}.{} is never used", version.0, version.1);
            let instead = format!("write 10.0 and a build of {FIRST_BUILD} or later, or no build number");
            Problem::new(rule::BUILD_NUMBER, place, what, instead)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(text: &str, platform: Platform) -> bool {
        Decoration::parse(text).unwrap().fits(&platform)
    }

    #[test]
    fn a_decoration_is_for_its_architecture_and_later_versions() {
        let system = Platform::windows_10("amd64", 17_763);
        for text in ["NT", "NTamd64", "ntAMD64.6.1", "NTamd64.10.0", "NTamd64.10.0.1", "NTamd64.10.0...17763"]
        {
            assert!(fits(text, system), "{text}");
        }
        for text in ["NTx86", "NTarm64", "NTamd64.10.0.3", "NTamd64.10.1", "NTamd64.10.0...17764"] {
            assert!(!fits(text, system), "{text}");
        }
        let old = Platform { major: 6, minor: 1, ..system };
        assert!(!fits("NTamd64.10.0...14393", old) && fits("NTamd64.5.1", old));
    }

    #[test]
    fn what_is_no_decoration_is_refused() {
        for text in ["", "amd64", "NTamd65", "NTamd64.x", "NTamd64.1.2.3.4.5.6", "Services"] {
            assert_eq!(Decoration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_is_split_at_its_decoration() {
        let split = |name| Decoration::split(name).map(|(base, decoration)| (base, decoration.architecture));
        assert_eq!(split("go.ntamd64.10.0"), Some(("go", Some(Architecture::X64))));
        assert_eq!(split("a.b.nt"), Some(("a.b", None)));
        assert_eq!(split("go.ntamd64.services"), None);
        assert_eq!(split(".nt"), None);
    }

    #[test]
    fn a_build_number_before_there_were_any_is_told() {
        let problem = |text: &str| Decoration::parse(text).unwrap().problem(Place::START);
        assert_eq!(problem("NTamd64.10.0...16299"), None);
        assert_eq!(problem("NTamd64.10.0"), None);
        assert!(problem("NTamd64.10.0...10240").is_some() && problem("NTamd64.6.3...16299").is_some());
    }
}
