//! What a machine lacks. It is found out by looking for files, so that what came from elsewhere counts as well.

use std::path::{Path, PathBuf};

use super::probe::{Probe, Release};
use super::{Need, arm64};
use crate::build::Target;

/// What is not there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lacks {
    /// Targets of the Rust toolchain.
    pub(super) targets: Vec<&'static str>,
    /// Debian packages, sorted.
    pub(super) packages: Vec<String>,
    /// What Miri runs in.
    pub(super) miri: Option<Nightly>,
    /// What no package of a distribution has, and how to come by it.
    pub(super) by_hand: Vec<ByHand>,
}

/// What there is of the nightly toolchain, which alone has Miri.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nightly {
    /// Nothing.
    Missing,
    /// The toolchain, without Miri or without the sources of the standard library, which Miri builds for itself.
    WithoutMiri,
}

/// What only a person can get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ByHand {
    pub(super) name: &'static str,
    pub(super) text: String,
}

impl Lacks {
    pub(super) fn is_empty(&self) -> bool {
        self.names().is_empty()
    }

    /// What is missing, by its names.
    pub(super) fn names(&self) -> Vec<&str> {
        let packages = self.packages.iter().map(String::as_str);
        let by_hand = self.by_hand.iter().map(|lack| lack.name);
        packages.chain(self.targets.iter().copied()).chain(self.miri.map(|_| "miri")).chain(by_hand).collect()
    }
}

/// What the compiler builds for `target`.
fn targets(target: Target) -> [&'static str; 2] {
    [target.of_drivers(), target.of_programs()]
}

/// Where distributions install mingw-w64; wdk-build looks in the same places.
const MINGW_ROOTS: [&str; 2] = ["/usr/x86_64-w64-mingw32", "/usr/x86_64-w64-mingw32/sys-root/mingw"];

/// What `need` asks for and `probe` does not have.
pub(super) fn lacks(probe: &impl Probe, need: Need) -> Lacks {
    let mut lacks = Lacks::default();
    let drivers = !matches!(need, Need::Bench | Need::Miri);
    let target = if need == Need::PackageArm64 { Target::Arm64 } else { Target::X64 };
    if drivers {
        lacks.targets = missing_targets(probe, target);
    }
    if target == Target::Arm64 {
        lacks.by_hand = arm64::lacks(probe);
    }
    if need == Need::Miri {
        lacks.miri = missing_miri(probe);
    }
    if probe.is_windows() {
        // The kit and LLVM come with installers; wdk-build says so when it does not find them.
        return lacks;
    }
    if drivers {
        lacks.packages.extend(clang_packages(probe));
    }
    let mut package = |there: bool, name: &str| {
        if !there {
            lacks.packages.push(name.to_owned());
        }
    };
    if drivers && target == Target::X64 {
        package(has_kernel_headers(probe), "mingw-w64-x86-64-dev");
        package(probe.has_program("x86_64-w64-mingw32-gcc"), "gcc-mingw-w64-x86-64-win32");
    }
    if matches!(need, Need::Test | Need::All) {
        // Debian's package puts no `wine64` into the path.
        let wine = ["/usr/lib/wine/wine64", "/usr/bin/wine64"];
        package(wine.iter().any(|path| probe.is_file(path.as_ref())), "wine64");
        package(probe.has_program("osslsigncode"), "osslsigncode");
        // The C library of the simulator is tried by programs in C and C++.
        package(probe.has_program("g++"), "g++");
        package(probe.has_program("make"), "make");
        package(probe.has_program("softhsm2-util"), "softhsm2");
        package(probe.has_program("sshd"), "openssh-server");
        package(probe.has_program("ssh") && probe.has_program("scp"), "openssh-client");
    }
    if matches!(need, Need::Bench | Need::All) {
        package(probe.has_program("valgrind"), "valgrind");
        package(probe.has_program("objdump"), "binutils");
    }
    lacks.packages.sort();
    lacks
}

fn missing_targets(probe: &impl Probe, target: Target) -> Vec<&'static str> {
    let targets = targets(target);
    let Some(sysroot) = probe.sysroot() else { return targets.to_vec() };
    let library = |target: &str| sysroot.join("lib/rustlib").join(target).join("lib");
    targets.into_iter().filter(|target| probe.entries(&library(target)).is_empty()).collect()
}

fn missing_miri(probe: &impl Probe) -> Option<Nightly> {
    let Some(sysroot) = probe.nightly_sysroot() else { return Some(Nightly::Missing) };
    let program = sysroot.join("bin").join(format!("cargo-miri{}", std::env::consts::EXE_SUFFIX));
    let sources = sysroot.join("lib/rustlib/src/rust/library/Cargo.toml");
    let there = probe.is_file(&program) && probe.is_file(&sources);
    (!there).then_some(Nightly::WithoutMiri)
}

/// libclang and the headers of the same version.
fn clang_packages(probe: &impl Probe) -> Vec<String> {
    if probe.has_variable("LIBCLANG_PATH") {
        return Vec::new();
    }
    let versions = clang_versions(probe);
    if versions.iter().any(|version| has_clang_headers(probe, *version)) {
        return Vec::new();
    }
    match versions.last() {
        Some(version) => vec![format!("libclang-common-{version}-dev")],
        None => {
            let version = clang_of(&probe.release());
            vec![format!("libclang-common-{version}-dev"), format!("libclang1-{version}")]
        }
    }
}

/// The versions of libclang that are installed, oldest first.
fn clang_versions(probe: &impl Probe) -> Vec<u32> {
    let folders = probe.entries("/usr/lib".as_ref()).into_iter().filter_map(|name| {
        let version = name.strip_prefix("llvm-")?.parse().ok()?;
        let files = probe.entries(&Path::new("/usr/lib").join(&name).join("lib"));
        files
            .iter()
            .any(|file| file.starts_with("libclang") && file.contains(".so") && !file.contains("-cpp"))
            .then_some(version)
    });
    let mut versions: Vec<u32> = folders.collect();
    versions.sort_unstable();
    versions
}

fn has_clang_headers(probe: &impl Probe, version: u32) -> bool {
    let folders =
        [PathBuf::from(format!("/usr/lib/llvm-{version}/lib/clang")), PathBuf::from("/usr/lib/clang")];
    folders.iter().any(|folder| {
        let of_version = |name: &String| name.split('.').next() == Some(&version.to_string());
        let mut names = probe.entries(folder).into_iter().filter(of_version);
        names.any(|name| probe.is_file(&folder.join(name).join("include/mmintrin.h")))
    })
}

fn has_kernel_headers(probe: &impl Probe) -> bool {
    if probe.has_variable("WDKContentRoot") || probe.has_variable("NMR_MINGW_ROOT") {
        return true;
    }
    let there = |root: &&&str| {
        let root = Path::new(root);
        probe.is_file(&root.join("include/ddk/ntddk.h")) && probe.is_file(&root.join("lib/libntoskrnl.a"))
    };
    MINGW_ROOTS.iter().find(there).is_some()
}

/// The version of LLVM that a release of Debian or Ubuntu has.
fn clang_of(release: &Release) -> u32 {
    match (release.id.as_str(), release.version.as_str()) {
        ("debian", "12") | ("ubuntu", "22.04") => 14,
        ("ubuntu", "24.04") => 18,
        _ => 19,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake_machine::FakeMachine;
    use super::*;

    const PACKAGE: [&str; 4] =
        ["gcc-mingw-w64-x86-64-win32", "libclang-common-14-dev", "libclang1-14", "mingw-w64-x86-64-dev"];

    #[test]
    fn a_bare_debian_lacks_the_small_set() {
        let found = lacks(&FakeMachine::debian_12(), Need::Package);
        assert_eq!(found.targets, targets(Target::X64));
        assert_eq!(found.packages, PACKAGE);
    }

    #[test]
    fn tests_need_more() {
        let more = |need| -> Vec<String> {
            let packages = lacks(&FakeMachine::debian_12(), need).packages;
            packages.into_iter().filter(|name| !PACKAGE.contains(&name.as_str())).collect()
        };
        let test = ["g++", "make", "openssh-client", "openssh-server", "osslsigncode", "softhsm2", "wine64"];
        assert_eq!(more(Need::Test), test);
        let mut all = more(Need::All);
        all.retain(|name| !test.contains(&name.as_str()));
        assert_eq!(all, ["binutils", "valgrind"]);
    }

    #[test]
    fn counting_instructions_needs_nothing_for_drivers() {
        let found = lacks(&FakeMachine::debian_12(), Need::Bench);
        assert_eq!(found.packages, ["binutils", "valgrind"]);
        assert!(found.targets.is_empty());
    }

    #[test]
    fn miri_needs_the_nightly_toolchain_and_nothing_else() {
        let miri = |machine| lacks(&machine, Need::Miri).miri;
        let found = lacks(&FakeMachine::debian_12(), Need::Miri);
        assert_eq!(found, Lacks { miri: Some(Nightly::Missing), ..Lacks::default() });
        assert_eq!(miri(FakeMachine::complete()), None);
        for part in ["bin/cargo-miri", "lib/rustlib/src/rust/library/Cargo.toml"] {
            let without = FakeMachine::complete().without(&format!("/nightly/{part}"));
            assert_eq!(miri(without), Some(Nightly::WithoutMiri), "without {part}");
        }
        assert_eq!(lacks(&FakeMachine::debian_12(), Need::Test).miri, None);
    }

    #[test]
    fn what_is_there_is_not_installed() {
        assert!(lacks(&FakeMachine::complete(), Need::All).is_empty());
    }

    #[test]
    fn each_piece_is_looked_for_by_itself() {
        for (file, package) in [
            ("/usr/lib/llvm-14/lib/clang/14.0.6/include/mmintrin.h", "libclang-common-14-dev"),
            ("/usr/x86_64-w64-mingw32/lib/libntoskrnl.a", "mingw-w64-x86-64-dev"),
            ("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32"),
            ("/usr/lib/wine/wine64", "wine64"),
            ("/usr/bin/g++", "g++"),
            ("/usr/bin/make", "make"),
            ("/usr/sbin/sshd", "openssh-server"),
            ("/usr/bin/scp", "openssh-client"),
            ("/usr/bin/valgrind", "valgrind"),
            ("/usr/bin/objdump", "binutils"),
        ] {
            let found = lacks(&FakeMachine::complete().without(file), Need::All);
            assert_eq!(found.packages, [package], "without {file}");
        }
        let found = lacks(
            &FakeMachine::complete().without("/rust/lib/rustlib/x86_64-pc-windows-gnu/lib/a.rlib"),
            Need::All,
        );
        assert_eq!(found.targets, ["x86_64-pc-windows-gnu"]);
    }

    #[test]
    fn a_kit_or_a_libclang_from_elsewhere_counts() {
        let machine = FakeMachine::debian_12().with_variable("WDKContentRoot").with_variable("LIBCLANG_PATH");
        assert_eq!(lacks(&machine, Need::Package).packages, ["gcc-mingw-w64-x86-64-win32"]);
    }

    #[test]
    fn the_library_for_cpp_programs_is_not_libclang() {
        let machine = FakeMachine::complete()
            .without("/usr/lib/llvm-14/lib/libclang-14.so.1")
            .with("/usr/lib/llvm-14/lib/libclang-cpp.so.14");
        let found = lacks(&machine, Need::Package);
        assert_eq!(found.packages, ["libclang-common-14-dev", "libclang1-14"]);
    }

    #[test]
    fn the_release_decides_on_the_version_of_clang() {
        let of = |id: &str, version: &str| clang_of(&Release { id: id.into(), version: version.into() });
        assert_eq!(
            [of("debian", "12"), of("debian", "13"), of("ubuntu", "24.04"), of("debian", "")],
            [14, 19, 18, 19]
        );
    }
}
