//! What discovery may ask of the machine it runs on.

use std::path::{Path, PathBuf};

/// The machine, as far as finding a kit needs it: a seam, so that every host's discovery is tested on any host.
pub(crate) trait Host {
    /// An environment variable that is set and not empty.
    fn variable(&self, name: &str) -> Option<String>;
    /// A string value below `HKEY_LOCAL_MACHINE`; always absent where there is no registry.
    fn registry_string(&self, key: &str, value: &str) -> Option<String>;
    /// The entries of a folder by name, or none if it cannot be read.
    fn entries(&self, folder: &Path) -> Vec<String>;
    /// The content of a small text file.
    fn text(&self, file: &Path) -> Option<String>;
    /// Whether this path is a folder.
    fn is_folder(&self, path: &Path) -> bool;
    /// Whether this path is a file.
    fn is_file(&self, path: &Path) -> bool;
    /// Whether this host is Windows.
    fn is_windows(&self) -> bool;
}

/// The machine this program runs on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThisHost;

impl Host for ThisHost {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    #[cfg(windows)]
    fn registry_string(&self, key: &str, value: &str) -> Option<String> {
        windows_registry::LOCAL_MACHINE.open(key).ok()?.get_string(value).ok()
    }

    #[cfg(not(windows))]
    fn registry_string(&self, _key: &str, _value: &str) -> Option<String> {
        None
    }

    fn entries(&self, folder: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    fn text(&self, file: &Path) -> Option<String> {
        std::fs::read_to_string(file).ok()
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn is_windows(&self) -> bool {
        cfg!(windows)
    }
}

/// `relative` below `root`, or nothing. Kits are made on file systems that ignore case, so each component is taken as
/// written if it is there, and otherwise the first entry that differs in case alone.
pub(crate) fn find_below(host: &impl Host, root: &Path, relative: &str) -> Option<PathBuf> {
    relative.split('/').try_fold(root.to_path_buf(), |folder, component| {
        let exact = folder.join(component);
        if host.is_folder(&exact) || host.is_file(&exact) {
            return Some(exact);
        }
        let mut alike = host.entries(&folder);
        alike.retain(|entry| entry.eq_ignore_ascii_case(component));
        alike.sort();
        Some(folder.join(alike.first()?))
    })
}

#[cfg(test)]
pub(crate) mod fake {
    //! A machine made of maps.

    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use super::Host;

    #[derive(Debug, Default, Clone)]
    pub(crate) struct FakeHost {
        pub(crate) windows: bool,
        variables: BTreeMap<String, String>,
        registry: BTreeMap<(String, String), String>,
        files: BTreeMap<PathBuf, String>,
        folders: BTreeSet<PathBuf>,
    }

    impl FakeHost {
        pub(crate) fn linux() -> Self {
            Self::default()
        }

        pub(crate) fn windows() -> Self {
            Self { windows: true, ..Self::default() }
        }

        pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
            self.variables.insert(name.into(), value.into());
            self
        }

        pub(crate) fn with_registry(mut self, key: &str, value: &str, data: &str) -> Self {
            self.registry.insert((key.into(), value.into()), data.into());
            self
        }

        pub(crate) fn with_folder(mut self, path: &str) -> Self {
            for folder in Path::new(path).ancestors() {
                self.folders.insert(folder.into());
            }
            self
        }

        pub(crate) fn with_file(self, path: &str) -> Self {
            self.with_text(path, "")
        }

        pub(crate) fn with_text(mut self, path: &str, text: &str) -> Self {
            self.files.insert(path.into(), text.into());
            let parent =
                Path::new(path).parent().and_then(Path::to_str).expect("a file below a folder").to_owned();
            self.with_folder(&parent)
        }
    }

    impl FakeHost {
        pub(crate) fn without_file(mut self, path: &str) -> Self {
            self.files.remove(Path::new(path));
            self
        }
    }

    impl Host for FakeHost {
        fn variable(&self, name: &str) -> Option<String> {
            self.variables.get(name).cloned()
        }

        fn registry_string(&self, key: &str, value: &str) -> Option<String> {
            self.registry.get(&(key.to_owned(), value.to_owned())).cloned()
        }

        fn entries(&self, folder: &Path) -> Vec<String> {
            self.files
                .keys()
                .chain(&self.folders)
                .filter(|path| path.parent() == Some(folder))
                .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
                .collect()
        }

        fn text(&self, file: &Path) -> Option<String> {
            self.files.get(file).cloned()
        }

        fn is_folder(&self, path: &Path) -> bool {
            self.folders.contains(path)
        }

        fn is_file(&self, path: &Path) -> bool {
            self.files.contains_key(path)
        }

        fn is_windows(&self) -> bool {
            self.windows
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fake::FakeHost;
    use super::*;

    #[test]
    fn exact_names_win_over_names_that_differ_in_case() {
        let host = FakeHost::linux().with_folder("/kit/Include").with_folder("/kit/include/km");
        assert_eq!(find_below(&host, Path::new("/kit"), "include"), Some("/kit/include".into()));
        assert_eq!(find_below(&host, Path::new("/kit"), "Include"), Some("/kit/Include".into()));
    }

    #[test]
    fn names_that_differ_in_case_are_found_on_every_level() {
        let host = FakeHost::linux().with_file("/kit/lib/KM/X64/NtosKrnl.LIB");
        assert_eq!(
            find_below(&host, Path::new("/kit"), "Lib/km/x64/ntoskrnl.lib"),
            Some("/kit/lib/KM/X64/NtosKrnl.LIB".into())
        );
        assert_eq!(find_below(&host, Path::new("/kit"), "Lib/km/arm64"), None);
    }

    #[cfg(windows)]
    #[test]
    fn the_registry_answers_with_strings_only() {
        const KEY: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
        let system = ThisHost.registry_string(KEY, "SystemRoot").expect("every Windows says where it is");
        assert!(system.to_ascii_lowercase().contains("windows"), "{system}");
        assert_eq!(ThisHost.registry_string(KEY, "CurrentMajorVersionNumber"), None, "a number is no string");
        assert_eq!(ThisHost.registry_string(KEY, "Absent"), None);
        assert_eq!(ThisHost.registry_string(r"SOFTWARE\Absent", "SystemRoot"), None);
    }
}
