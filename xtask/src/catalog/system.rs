//! The systems a catalog is for: what Inf2Cat calls them on its command line, what it writes, and what they are.

use std::str::FromStr;

use anyhow::{Result, anyhow, bail};

use crate::architecture::Architecture;
use crate::inf::decoration::Platform;

/// A release of Windows for an architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct System {
    /// What stands in a catalog.
    pub(crate) token: String,
    pub(crate) platform: Platform,
}

/// A release since Windows 10: on the command line, in a catalog, its build.
struct Release {
    option: &'static str,
    token: &'static str,
    build: u32,
}

/// The releases since Windows 10. Up to 19H1 Inf2Cat was seen to write these; the later ones, Microsoft's own catalogs.
const RELEASES: [Release; 13] = [
    Release { option: "", token: "", build: 10_240 },
    Release { option: "TH2", token: "TH2", build: 10_586 },
    Release { option: "AU", token: "RS1", build: 14_393 },
    Release { option: "RS2", token: "RS2", build: 15_063 },
    Release { option: "RS3", token: "RS3", build: 16_299 },
    Release { option: "RS4", token: "RS4", build: 17_134 },
    Release { option: "RS5", token: "RS5", build: 17_763 },
    Release { option: "19H1", token: "19H1", build: 18_362 },
    Release { option: "VB", token: "Vb", build: 19_041 },
    Release { option: "CO", token: "21H2", build: 22_000 },
    Release { option: "NI", token: "22H2", build: 22_621 },
    Release { option: "GE", token: "24H2", build: 26_100 },
    Release { option: "25H2", token: "25H2", build: 26_200 },
];

/// A version before Windows 10: on the command line, in a catalog up to the architecture, its number, a server or not.
type Older = (&'static str, &'static str, (u32, u32), bool);

const OLDER: [Older; 14] = [
    ("2000", "2000", (5, 0), false),
    ("XP", "XP", (5, 1), false),
    ("SERVER2003", "Server2003", (5, 2), true),
    ("VISTA", "Vista", (6, 0), false),
    ("SERVER2008", "Server2008", (6, 0), true),
    ("7", "7", (6, 1), false),
    ("SERVER2008R2", "Server2008R2", (6, 1), true),
    ("8", "8", (6, 2), false),
    ("SERVER8", "Server8", (6, 2), true),
    ("6_3", "_v63", (6, 3), false),
    ("SERVER6_3", "Server_v63", (6, 3), true),
    ("10", "_v100", (10, 0), false),
    ("SERVER10", "Server_v100", (10, 0), true),
    ("SERVER2016", "Server_v100", (10, 0), true),
];

impl System {
    /// The oldest system for `architecture` that our own catalogs are for.
    pub(crate) fn oldest(architecture: Architecture) -> Self {
        let (major, minor) = if architecture == Architecture::Arm { (6, 3) } else { (10, 0) };
        let build = match architecture {
            Architecture::Arm64 => 16_299,
            Architecture::Arm => u32::MAX,
            Architecture::X64 | Architecture::X86 => 10_240,
        };
        let platform = Platform { architecture, major, minor, build, server: false };
        Self { token: architecture.catalog_os().to_owned(), platform }
    }

    /// The systems in `list`, separated by commas: names as Inf2Cat's /os takes them, or as catalogs have them.
    pub(crate) fn list(list: &str) -> Result<Vec<Self>> {
        let systems: Vec<Self> = list.split(',').map(str::parse).collect::<Result<_>>()?;
        for (index, system) in systems.iter().enumerate() {
            if systems[..index].iter().any(|other| other.token == system.token) {
                bail!("{} is given twice; keep one of them", system.token);
            }
        }
        Ok(systems)
    }

    /// The tokens of `systems` as a catalog has them.
    pub(crate) fn tokens(systems: &[Self]) -> String {
        systems.iter().map(|system| system.token.as_str()).collect::<Vec<_>>().join(",")
    }

    /// The version as an attribute of a file has it.
    pub(crate) fn version(&self) -> String {
        format!("2:{}.{}", self.platform.major, self.platform.minor)
    }

    /// Whether catalogs for it have one member a file, under its SHA-1.
    pub(crate) fn knows_sha1_alone(&self) -> bool {
        (self.platform.major, self.platform.minor) <= (6, 1)
    }

    /// A name of Inf2Cat's command line, in upper case: `SYSTEM[_RELEASE]_ARCHITECTURE`.
    fn from_option(name: &str) -> Option<Self> {
        // One system has a single architecture.
        let (rest, architecture) = if name == "2000" { (name, "X86") } else { name.rsplit_once('_')? };
        let architecture = of_catalog(architecture)?;
        if let Some((_, token, version, server)) = OLDER.into_iter().find(|(option, ..)| *option == rest) {
            return Some(Self::new(token, version, server, architecture, &RELEASES[0]));
        }
        let (token, release, server) = match rest.strip_prefix("10_") {
            Some(release) => ("_v100", release, false),
            None => ("Server_v100", rest.strip_prefix("SERVER")?, true),
        };
        let proven = |known: &&Release| known.option == release && (!server || release == "RS5");
        let release = RELEASES.iter().skip(1).find(proven)?;
        Some(Self::new(token, (10, 0), server, architecture, release))
    }

    /// A name as catalogs have it, in any letter case.
    fn from_token(name: &str) -> Option<Self> {
        let same = |left: &str, right: &str| left.eq_ignore_ascii_case(right);
        for architecture in Architecture::OF_INFS {
            for (_, token, version, server) in OLDER {
                for release in &RELEASES {
                    let system = Self::new(token, version, server, architecture, release);
                    if same(&system.token, name) {
                        return Some(system);
                    }
                }
            }
        }
        None
    }

    fn new(
        token: &str,
        version: (u32, u32),
        server: bool,
        architecture: Architecture,
        release: &Release,
    ) -> Self {
        let modern = version >= (6, 3);
        let mut name = token.to_owned();
        match (architecture, modern) {
            // Where nothing is said it is x86.
            (Architecture::X86, true) => {}
            (_, true) => name.extend(["_", in_catalog(architecture)]),
            (_, false) if token == "2000" => {}
            (_, false) => name.push_str(in_catalog(architecture)),
        }
        if modern && !release.token.is_empty() {
            name.extend(["_", release.token]);
        }
        let build = if version == (10, 0) { release.build } else { u32::MAX };
        let (major, minor) = version;
        Self { token: name, platform: Platform { architecture, major, minor, build, server } }
    }
}

impl FromStr for System {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let name = text.trim();
        Self::from_option(&name.to_ascii_uppercase()).or_else(|| Self::from_token(name)).ok_or_else(|| {
            anyhow!(
                "{name:?} is no system whose name in catalogs is known; write one as Inf2Cat takes it, like 10_X64, \
                 10_RS3_ARM64 or 7_X86, or as catalogs have it, like _v100_X64_22H2"
            )
        })
    }
}

fn in_catalog(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86 => "X86",
        Architecture::X64 => "X64",
        Architecture::Arm => "ARM",
        Architecture::Arm64 => "ARM64",
    }
}

fn of_catalog(name: &str) -> Option<Architecture> {
    Architecture::OF_INFS.into_iter().find(|architecture| in_catalog(*architecture) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(option: &str, token: &str, version: &str, build: u32) {
        let system: System = option.parse().unwrap();
        assert_eq!(
            (system.token.as_str(), system.version().as_str(), system.platform.build),
            (token, version, build)
        );
        assert_eq!(token.parse::<System>().unwrap(), system);
    }

    #[test]
    fn the_names_of_the_command_line_are_those_of_catalogs() {
        is("10_X64", "_v100_X64", "2:10.0", 10_240);
        is("10_x86", "_v100", "2:10.0", 10_240);
        is("10_RS3_ARM64", "_v100_ARM64_RS3", "2:10.0", 16_299);
        is("10_AU_X64", "_v100_X64_RS1", "2:10.0", 14_393);
        is("10_VB_X86", "_v100_Vb", "2:10.0", 19_041);
        is("10_NI_ARM64", "_v100_ARM64_22H2", "2:10.0", 22_621);
        is("Server10_ARM64", "Server_v100_ARM64", "2:10.0", 10_240);
        is("SERVER2016_X64", "Server_v100_X64", "2:10.0", 10_240);
        is("ServerRS5_X64", "Server_v100_X64_RS5", "2:10.0", 17_763);
        is("6_3_X64", "_v63_X64", "2:6.3", u32::MAX);
        is("6_3_ARM", "_v63_ARM", "2:6.3", u32::MAX);
        is("7_X64", "7X64", "2:6.1", u32::MAX);
        is("Vista_X64", "VistaX64", "2:6.0", u32::MAX);
        is("Server2008R2_X64", "Server2008R2X64", "2:6.1", u32::MAX);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        is("2000", "2000", "2:5.0", u32::MAX);
        for name in ["", "10", "10_X63", "10_ZZ_X64", "ServerFE_X64", "_v100_X64_", "Server2025_X64"] {
            assert!(name.parse::<System>().is_err(), "{name}");
        }
        assert!(System::list("10_X64,_v100_x64").is_err());
        assert_eq!(
            System::tokens(&System::list("6_3_ARM,10_RS3_ARM64").unwrap()),
            "_v63_ARM,_v100_ARM64_RS3"
        );
    }

    #[test]
    fn our_own_catalogs_are_for_a_known_system() {
        for architecture in Architecture::OF_INFS {
            let system = System::oldest(architecture);
            assert_eq!(system.token.parse::<System>().unwrap(), system);
        }
    }
}
