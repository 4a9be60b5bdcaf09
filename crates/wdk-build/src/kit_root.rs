//! Where a Windows kit is installed: the places upstream looks in, in its order.

use std::path::{Path, PathBuf};

use crate::ConfigError;
use crate::host::{Host, find_below};

/// The variables [`find_kit_root`] and [`kit_version`] read.
pub(crate) const VARIABLES: [&str; 4] =
    ["WDKContentRoot", "MicrosoftKitRoot", "WDKKitVersion", "Version_Number"];

const REGISTRY_KEYS: [&str; 2] = [
    r"SOFTWARE\Microsoft\Windows Kits\Installed Roots",
    r"SOFTWARE\Wow6432Node\Microsoft\Windows Kits\Installed Roots",
];

/// The folder with a kit's `Include` and `Lib` in it, if one is installed or named.
///
/// The order is `WDKContentRoot` (an eWDK prompt sets it), then `MicrosoftKitRoot` with `WDKKitVersion`, then the
/// registry. Where upstream passes over a variable that names no folder, this is an error: a kit that was asked for
/// by name must not be replaced by another one in silence.
pub(crate) fn find_kit_root(host: &impl Host) -> Result<Option<PathBuf>, ConfigError> {
    let existing = |variable, path: PathBuf| {
        if host.is_folder(&path) {
            Ok(path)
        } else {
            Err(ConfigError::VariableNamesNoFolder { variable, path })
        }
    };
    if let Some(root) = host.variable("WDKContentRoot") {
        return existing("WDKContentRoot", root.into()).map(Some);
    }
    if let Some(root) = host.variable("MicrosoftKitRoot") {
        let root = existing("MicrosoftKitRoot", root.into())?;
        let version = host.variable("WDKKitVersion").unwrap_or_else(|| "10.0".to_owned());
        return existing("MicrosoftKitRoot", root.join("Windows Kits").join(version)).map(Some);
    }
    Ok(REGISTRY_KEYS.iter().find_map(|key| host.registry_string(key, "KitsRoot10")).map(PathBuf::from))
}

/// The version of the kit at `root`: what `Version_Number` says, or the newest there is.
pub(crate) fn kit_version(host: &impl Host, root: &Path) -> Option<String> {
    host.variable("Version_Number").or_else(|| {
        let library = find_below(host, root, "Lib")?;
        host.entries(&library)
            .into_iter()
            .filter(|name| name.starts_with("10.") && host.is_folder(&library.join(name)))
            .max_by_key(|name| (numbers(name), name.clone()))
    })
}

/// The parts of a dotted version as numbers, so that 10.0.9 comes before 10.0.10.
pub(crate) fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::FakeHost;

    fn root(host: &FakeHost) -> Option<PathBuf> {
        find_kit_root(host).unwrap()
    }

    #[test]
    fn the_order_is_content_root_kit_root_registry_and_its_32_bit_view() {
        let fourth = FakeHost::windows().with_registry(REGISTRY_KEYS[1], "KitsRoot10", "/wow");
        assert_eq!(root(&fourth), Some("/wow".into()));
        let third = fourth.with_registry(REGISTRY_KEYS[0], "KitsRoot10", "/registry");
        assert_eq!(root(&third), Some("/registry".into()));
        let second =
            third.with_folder("/microsoft/Windows Kits/10.0").with_variable("MicrosoftKitRoot", "/microsoft");
        assert_eq!(root(&second), Some("/microsoft/Windows Kits/10.0".into()));
        let first = second.with_folder("/ewdk").with_variable("WDKContentRoot", "/ewdk");
        assert_eq!(root(&first), Some("/ewdk".into()));
    }

    #[test]
    fn the_kit_version_variable_chooses_the_folder() {
        let host = FakeHost::windows()
            .with_folder("/microsoft/Windows Kits/10")
            .with_variable("MicrosoftKitRoot", "/microsoft")
            .with_variable("WDKKitVersion", "10");
        assert_eq!(root(&host), Some("/microsoft/Windows Kits/10".into()));
    }

    #[test]
    fn a_variable_that_names_no_folder_is_an_error_not_a_fallback() {
        let host = FakeHost::linux()
            .with_registry(REGISTRY_KEYS[0], "KitsRoot10", "/registry")
            .with_variable("WDKContentRoot", "/gone");
        let error = find_kit_root(&host).unwrap_err().to_string();
        assert_eq!(error, "WDKContentRoot names /gone, which is not a folder: correct it or unset it");
        let host =
            FakeHost::linux().with_folder("/microsoft").with_variable("MicrosoftKitRoot", "/microsoft");
        assert!(find_kit_root(&host).unwrap_err().to_string().contains("10.0"));
    }

    #[test]
    fn nothing_installed_is_nothing_found() {
        assert_eq!(root(&FakeHost::windows()), None);
    }

    #[test]
    fn the_newest_version_is_chosen_by_number_unless_named() {
        let host = FakeHost::windows()
            .with_folder("/kit/Lib/10.0.9600.0")
            .with_folder("/kit/Lib/10.0.22621.0")
            .with_folder("/kit/Lib/wdf")
            .with_file("/kit/Lib/10.9.txt");
        assert_eq!(kit_version(&host, Path::new("/kit")).as_deref(), Some("10.0.22621.0"));
        let named = host.with_variable("Version_Number", "10.0.9600.0");
        assert_eq!(kit_version(&named, Path::new("/kit")).as_deref(), Some("10.0.9600.0"));
        assert_eq!(kit_version(&FakeHost::windows(), Path::new("/kit")), None);
    }

    /// The whole way, on a real registry. Only Wine's is ours to write to; on a Windows host this says nothing.
    #[cfg(windows)]
    #[test]
    fn a_kit_in_the_registry_of_this_machine_is_found() {
        use crate::host::ThisHost;
        use windows_registry::{CURRENT_USER, LOCAL_MACHINE};
        let is_named = VARIABLES.iter().any(|name| ThisHost.variable(name).is_some());
        if is_named || CURRENT_USER.open(r"SOFTWARE\Wine").is_err() {
            return;
        }
        for key in REGISTRY_KEYS {
            let opened = LOCAL_MACHINE.create(key).expect("a lab machine's registry can be written");
            opened.set_string("KitsRoot10", r"C:\Kits ä\10").expect("a value in a key just made");
            assert_eq!(find_kit_root(&ThisHost).unwrap(), Some(r"C:\Kits ä\10".into()), "from {key}");
            opened.remove_value("KitsRoot10").expect("a value just set");
            assert_eq!(find_kit_root(&ThisHost).unwrap(), None);
        }
    }
}
