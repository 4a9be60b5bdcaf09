//! What a build for ARM64 needs beside the Rust targets. Kernel headers and import libraries for ARM64 are in Windows kits
//! alone: those of mingw-w64 know x86-64 only.

use std::path::{Path, PathBuf};

use super::lacks::ByHand;
use super::probe::Probe;
use crate::build::Target;

/// A library of the kit that every driver is linked with.
const LIBRARY: &str = "ntoskrnl.lib";

/// What a person has to get for it.
pub(super) fn lacks(probe: &impl Probe) -> Vec<ByHand> {
    let mut lacks = Vec::new();
    lacks.extend(kit_fault(probe).map(|fault| ByHand {
        name: "a Windows kit for ARM64",
        text: format!(
            "a build for ARM64 takes kernel headers and import libraries that only a Windows Driver Kit has, and {fault}. \
             Install the kit on some Windows machine, or unpack its NuGet packages (Microsoft.Windows.WDK.ARM64 and \
             Microsoft.Windows.SDK.CPP), and set WDKContentRoot to the folder that has Include/10.*/km and \
             Lib/10.*/km/arm64 in it"
        ),
    }));
    let linker = Target::Arm64.program_linker();
    if !probe.has_program(linker) {
        lacks.push(ByHand {
            name: linker,
            text: format!(
                "nmrctl.exe for ARM64 is linked by {linker}, which is not in the path: unpack llvm-mingw \
                 (https://github.com/mstorsjo/llvm-mingw) and put its bin folder into PATH"
            ),
        });
    }
    lacks
}

/// Why the kit that is named does not do. On Windows an installed kit is found in the registry, by the build itself.
fn kit_fault(probe: &impl Probe) -> Option<String> {
    let Some(root) = probe.variable("WDKContentRoot").map(PathBuf::from) else {
        let elsewhere = probe.is_windows() || probe.has_variable("MicrosoftKitRoot");
        return (!elsewhere).then(|| "none is named".to_owned());
    };
    let library = below(probe, &root, "Lib").is_some_and(|libraries| {
        let versions = probe.entries(&libraries).into_iter().filter(|name| name.starts_with("10."));
        let mut folders = versions.map(|version| libraries.join(version));
        folders.any(|folder| {
            let found = ["km", "arm64"].iter().try_fold(folder, |folder, name| below(probe, &folder, name));
            found.is_some_and(|folder| below(probe, &folder, LIBRARY).is_some())
        })
    });
    (!library).then(|| format!("the one at {} has no Lib/10.*/km/arm64/{LIBRARY}", root.display()))
}

/// `name` in `folder`, whatever its letter case: kits mix them.
fn below(probe: &impl Probe, folder: &Path, name: &str) -> Option<PathBuf> {
    let found = probe.entries(folder).into_iter().find(|entry| entry.eq_ignore_ascii_case(name))?;
    Some(folder.join(found))
}

#[cfg(test)]
mod tests {
    use super::super::Need;
    use super::super::fake_machine::FakeMachine;
    use super::super::lacks::lacks as all_lacks;
    use super::super::plan::plan;
    use super::*;

    fn with_kit(library: &str) -> FakeMachine {
        FakeMachine::complete().with(&format!("/kit/{library}")).with_value("WDKContentRoot", "/kit")
    }

    fn names(machine: &FakeMachine) -> Vec<&'static str> {
        lacks(machine).iter().map(|lack| lack.name).collect()
    }

    #[test]
    fn without_a_kit_it_is_said_what_to_give_and_how() {
        let machine = FakeMachine::complete();
        assert_eq!(names(&machine), ["a Windows kit for ARM64", "aarch64-w64-mingw32-clang"]);
        let actions = plan(&all_lacks(&machine, Need::PackageArm64), &machine);
        let text = actions.iter().filter_map(|action| action.by_hand()).collect::<Vec<_>>().join("\n");
        assert!(text.contains("none is named") && text.contains("set WDKContentRoot to"), "{text}");
        assert!(text.contains("llvm-mingw"), "{text}");
        let command = ["rustup", "target", "add", "aarch64-pc-windows-msvc", "aarch64-pc-windows-gnullvm"];
        assert!(actions.iter().any(|action| action.command() == command), "{actions:?}");
    }

    #[test]
    fn a_kit_for_another_machine_does_not_do() {
        let fault = kit_fault(&with_kit("Lib/10.0.1.0/km/x64/ntoskrnl.lib")).unwrap();
        assert_eq!(fault, "the one at /kit has no Lib/10.*/km/arm64/ntoskrnl.lib");
    }

    #[test]
    fn with_a_kit_and_a_linker_nothing_is_lacking() {
        let machine =
            with_kit("lib/10.0.1.0/km/ARM64/NtosKrnl.lib").with("/usr/bin/aarch64-w64-mingw32-clang");
        assert_eq!(names(&machine), Vec::<&str>::new());
        let windows = FakeMachine::complete().on_windows();
        assert_eq!(names(&windows), ["aarch64-w64-mingw32-clang"]);
    }

    #[test]
    fn a_build_for_x64_asks_for_none_of_it() {
        assert_eq!(all_lacks(&FakeMachine::debian_12(), Need::All).by_hand, []);
        let packages = all_lacks(&FakeMachine::debian_12(), Need::PackageArm64).packages;
        assert_eq!(packages, ["libclang-common-14-dev", "libclang1-14"]);
    }
}
