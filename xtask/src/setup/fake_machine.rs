//! A machine made of sets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::probe::{Probe, Release, Rights};

#[derive(Clone, Debug)]
pub(super) struct FakeMachine {
    windows: bool,
    rights: Rights,
    files: BTreeSet<PathBuf>,
    variables: BTreeMap<String, String>,
}

impl FakeMachine {
    pub(super) fn debian_12() -> Self {
        Self { windows: false, rights: Rights::Root, files: BTreeSet::new(), variables: BTreeMap::new() }
            .with("/usr/bin/apt-get")
            .with("/usr/bin/rustup")
    }

    pub(super) fn complete() -> Self {
        [
            "/rust/lib/rustlib/x86_64-pc-windows-msvc/lib/a.rlib",
            "/rust/lib/rustlib/x86_64-pc-windows-gnu/lib/a.rlib",
            "/usr/lib/llvm-14/lib/libclang-14.so.1",
            "/usr/lib/llvm-14/lib/clang/14.0.6/include/mmintrin.h",
            "/usr/x86_64-w64-mingw32/include/ddk/ntddk.h",
            "/usr/x86_64-w64-mingw32/lib/libntoskrnl.a",
            "/usr/bin/x86_64-w64-mingw32-gcc",
            "/usr/lib/wine/wine64",
            "/usr/bin/osslsigncode",
            "/usr/bin/g++",
            "/usr/bin/make",
            "/usr/bin/softhsm2-util",
            "/usr/sbin/sshd",
            "/usr/bin/ssh",
            "/usr/bin/scp",
            "/nightly/bin/cargo-miri",
            "/nightly/lib/rustlib/src/rust/library/Cargo.toml",
            "/usr/bin/valgrind",
            "/usr/bin/objdump",
        ]
        .iter()
        .fold(Self::debian_12(), |machine, file| machine.with(file))
    }

    pub(super) fn with_rights(self, rights: Rights) -> Self {
        Self { rights, ..self }
    }

    pub(super) fn on_windows(self) -> Self {
        Self { windows: true, ..self }
    }

    pub(super) fn with(mut self, file: &str) -> Self {
        self.files.insert(file.into());
        self
    }

    pub(super) fn without(mut self, file: &str) -> Self {
        assert!(self.files.remove(Path::new(file)), "{file} was not there");
        self
    }

    pub(super) fn with_variable(self, name: &str) -> Self {
        self.with_value(name, "/somewhere")
    }

    pub(super) fn with_value(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }
}

impl Probe for FakeMachine {
    fn is_windows(&self) -> bool {
        self.windows
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.contains(path)
    }

    fn entries(&self, folder: &Path) -> Vec<String> {
        let below = self.files.iter().filter_map(|file| file.strip_prefix(folder).ok());
        let names = below.filter_map(|rest| Some(rest.components().next()?.as_os_str().to_str()?.to_owned()));
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn has_program(&self, name: &str) -> bool {
        ["/usr/bin", "/usr/sbin"].iter().any(|folder| self.is_file(&Path::new(folder).join(name)))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn sysroot(&self) -> Option<PathBuf> {
        Some("/rust".into())
    }

    fn nightly_sysroot(&self) -> Option<PathBuf> {
        let root = PathBuf::from("/nightly");
        (!self.entries(&root).is_empty()).then_some(root)
    }

    fn release(&self) -> Release {
        Release { id: "debian".into(), version: "12".into() }
    }

    fn rights(&self) -> Rights {
        self.rights
    }
}
