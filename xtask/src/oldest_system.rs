//! The oldest build of Windows that a driver runs on: what its image imports must be there, and its INF must install.

mod introduced;

use crate::architecture::Architecture;
use crate::inf::{Inf, Place};
use crate::pe::Import;

use self::introduced::INTRODUCED;

/// The first Windows 10.
const WINDOWS_10: u32 = 10240;
/// The first that installs a primitive driver (`[DefaultInstall]` and folder 13 alone): Windows 10 version 1903.
const PRIMITIVE: u32 = 18362;
/// The first for ARM64: Windows 10 version 1709.
const WINDOWS_10_ARM64: u32 = 16299;

/// How people call a build.
const NAMES: [(u32, &str); 12] = [
    (10240, "Windows 10"),
    (14393, "Windows 10 version 1607"),
    (15063, "Windows 10 version 1703"),
    (16299, "Windows 10 version 1709"),
    (17134, "Windows 10 version 1803"),
    (17763, "Windows 10 version 1809"),
    (18362, "Windows 10 version 1903"),
    (19041, "Windows 10 version 2004"),
    (20348, "Windows Server 2022"),
    (22000, "Windows 11"),
    (22621, "Windows 11 version 22H2"),
    (26100, "Windows 11 version 24H2"),
];

/// A build as people call it.
pub(crate) fn name(build: u32) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == build);
    known.map_or_else(|| format!("build {build}"), |(_, name)| format!("{name} (build {build})"))
}

/// The oldest build that has every routine among `imports`, and the one that asks for it when that is a listed one.
pub(crate) fn of_imports(imports: &[Import], architecture: Architecture) -> (u32, Option<&Import>) {
    let introduced = |import: &Import| {
        let at = INTRODUCED.binary_search_by(|(name, _)| (*name).cmp(&import.routine)).ok()?;
        Some(INTRODUCED[at].1)
    };
    let youngest = imports
        .iter()
        .filter_map(|import| Some((introduced(import)?, import)))
        .max_by_key(|(build, _)| *build);
    let first = first(architecture);
    match youngest {
        Some((build, import)) if build > first => (build, Some(import)),
        _ => (first, None),
    }
}

fn first(architecture: Architecture) -> u32 {
    match architecture {
        Architecture::X64 | Architecture::X86 | Architecture::Arm => WINDOWS_10,
        Architecture::Arm64 => WINDOWS_10_ARM64,
    }
}

/// The oldest build on which `inf` installs, and where it says so: the lowest of its sections and models for
/// `architecture`, `NTamd64.10.0...18362` for example.
pub(crate) fn of_inf(inf: &Inf, architecture: Architecture) -> (u32, Place) {
    let models = inf.section("Manufacturer").unwrap_or_default();
    let first = first(architecture);
    let decorations = models
        .into_iter()
        .flat_map(|line| line.fields.iter().skip(1).map(|field| (field.text.clone(), field.place, first)));
    let installs = inf.sections.iter().filter_map(|section| {
        let (entry, decoration) = section.name.split_once('.')?;
        let primitive = entry.eq_ignore_ascii_case("DefaultInstall");
        primitive.then(|| (decoration.to_owned(), section.place, PRIMITIVE))
    });
    decorations
        .chain(installs)
        .filter_map(|(decoration, place, least)| Some((build(&decoration, architecture)?.max(least), place)))
        .min_by_key(|(build, _)| *build)
        .unwrap_or((first, Place::START))
}

/// The build in `NTamd64.10.0...18362`, zero when it names none; nothing when it is for another architecture.
fn build(decoration: &str, architecture: Architecture) -> Option<u32> {
    let mut parts = decoration.split('.');
    let named = parts.next()?.to_ascii_lowercase();
    let ours = format!("nt{}", architecture.inf());
    // `.Services` and the like belong to a section; they are not one.
    let rest: Vec<&str> = parts.collect();
    if named != ours || rest.iter().any(|part| part.parse::<u32>().is_err() && !part.is_empty()) {
        return None;
    }
    Some(rest.get(4).and_then(|part| part.parse().ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn import(routine: &str) -> Import {
        Import { module: "ntoskrnl.exe".into(), routine: routine.into() }
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(INTRODUCED.is_sorted_by(|left, right| left.0 < right.0));
    }

    #[test]
    fn the_youngest_routine_decides() {
        let imports = ["ZwClose", "IoOpenDriverRegistryKey", "ExAllocatePool2", "KeSetEvent"].map(import);
        let (build, because) = of_imports(&imports, Architecture::X64);
        assert_eq!((build, because), (19041, Some(&imports[2])));
        assert_eq!(of_imports(&imports[..1], Architecture::X64), (10240, None));
        assert_eq!(of_imports(&imports[..1], Architecture::Arm64), (16299, None));
        // One that came with a server.
        assert_eq!(of_imports(&[import("ExCreatePool")], Architecture::X64).0, 20348);
        assert_eq!(of_imports(&[import("KeAddTriageDumpDataBlock")], Architecture::X64).0, 17134);
        let older = [import("PsGetHostSilo")];
        assert_eq!(of_imports(&older, Architecture::Arm64), (16299, None));
    }

    fn claimed(text: &str) -> u32 {
        of_inf(&Inf::parse("t.inf", text.as_bytes()).unwrap(), Architecture::X64).0
    }

    #[test]
    fn an_inf_claims_the_lowest_build_that_it_installs_on() {
        assert_eq!(claimed("[DefaultInstall.NTamd64]\n[DefaultInstall.NTamd64.Services]\n"), 18362);
        assert_eq!(claimed("[DefaultInstall.NTamd64.10.0...19041]\n"), 19041);
        assert_eq!(claimed("[Manufacturer]\n%a% = M,NTamd64.10.0...17763,NTamd64.10.0...19041\n"), 17763);
        assert_eq!(claimed("[Manufacturer]\n%a% = M,NTamd64,NTarm64.10.0...22000\n"), 10240);
        assert_eq!(claimed("[Version]\n"), 10240);
    }
}
