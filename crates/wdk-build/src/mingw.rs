//! mingw-w64's kernel headers and import libraries in the place of a WDK, and what they lack beside one.

use std::path::{Path, PathBuf};

use crate::ConfigError;
use crate::architecture::CpuArchitecture;
use crate::driver_config::DriverConfig;
use crate::host::Host;
use crate::import_library::import_library;
use crate::missing::Piece;

/// The variable that names the folder with mingw-w64's `include` and `lib` in it, where it is not one of [`ROOTS`].
pub(crate) const ROOT_VARIABLE: &str = "NMR_MINGW_ROOT";

/// A header that only mingw-w64 has, and that its headers include.
pub(crate) const MARK: &str = "_mingw.h";

/// Where Debian and Arch, then Fedora, install mingw-w64.
const ROOTS: [&str; 2] = ["/usr/x86_64-w64-mingw32", "/usr/x86_64-w64-mingw32/sys-root/mingw"];

/// The import libraries that wdk-sys links a driver with.
const IMPORT_LIBRARIES: [&str; 3] = ["libntoskrnl.a", "libhal.a", "libwmilib.a"];

/// Routines of ntoskrnl.exe that are in the bindings but not in mingw-w64 10's import library.
const ROUTINES_WITHOUT_IMPORT: [&str; 1] = ["ExAllocatePool2"];

/// mingw-w64's folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mingw {
    pub(crate) header_folders: Vec<PathBuf>,
    pub(crate) library_folder: PathBuf,
}

/// Refuses a processor that the headers of mingw-w64 say nothing about.
pub(crate) fn require_known(architecture: CpuArchitecture) -> Result<(), ConfigError> {
    match architecture {
        CpuArchitecture::Amd64 => Ok(()),
        CpuArchitecture::Arm64 => Err(ConfigError::NeedsMicrosoftKit { wanted: "a build for ARM64" }),
    }
}

/// Finds mingw-w64, or says which of its parts are missing.
pub(crate) fn find(
    host: &impl Host,
    driver: &DriverConfig,
    architecture: CpuArchitecture,
) -> Result<Result<Mingw, Vec<Piece>>, ConfigError> {
    require_known(architecture)?;
    if *driver != DriverConfig::Wdm {
        return Err(ConfigError::NeedsMicrosoftKit { wanted: "a KMDF or UMDF driver" });
    }
    let root = match host.variable(ROOT_VARIABLE).map(PathBuf::from) {
        Some(path) if host.is_folder(&path) => path,
        Some(path) => return Err(ConfigError::VariableNamesNoFolder { variable: ROOT_VARIABLE, path }),
        None => {
            let installed =
                ROOTS.iter().find(|root| host.is_file(&Path::new(root).join("include").join(MARK)));
            PathBuf::from(installed.unwrap_or(&ROOTS[0]))
        }
    };
    let include = root.join("include");
    let library_folder = root.join("lib");
    let mut missing = Vec::new();
    let header = include.join("ddk").join("ntddk.h");
    if !host.is_file(&header) {
        missing.push(Piece::KernelHeaders(header));
    }
    let libraries = IMPORT_LIBRARIES.iter().map(|name| library_folder.join(name));
    missing.extend(libraries.filter(|library| !host.is_file(library)).map(Piece::ImportLibrary));
    if !missing.is_empty() {
        return Ok(Err(missing));
    }
    Ok(Ok(Mingw { header_folders: vec![include.join("ddk"), include], library_folder }))
}

/// The folder whose headers stand before mingw-w64's.
pub(crate) fn header_supplement() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mingw")
}

/// The library that takes the place of a WDK's `BufferOverflowFastFailK.lib`: wdk-sys asks for it, Rust code needs
/// nothing out of it, and so it holds the imports that are missing elsewhere.
pub(crate) fn import_supplement() -> (&'static str, Vec<u8>) {
    ("BufferOverflowFastFailK.lib", import_library("ntoskrnl.exe", &ROUTINES_WITHOUT_IMPORT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver_config::KmdfConfig;
    use crate::host::fake::FakeHost;

    fn installed_at(root: &str) -> FakeHost {
        ["include/_mingw.h", "include/ddk/ntddk.h", "lib/libntoskrnl.a", "lib/libhal.a", "lib/libwmilib.a"]
            .iter()
            .fold(FakeHost::linux(), |host, file| host.with_file(&format!("{root}/{file}")))
    }

    fn find_wdm(host: &FakeHost) -> Result<Mingw, Vec<Piece>> {
        find(host, &DriverConfig::Wdm, CpuArchitecture::Amd64).unwrap()
    }

    #[test]
    fn the_kernel_headers_come_before_the_shared_ones() {
        let mingw = find_wdm(&installed_at(ROOTS[0])).unwrap();
        let folders =
            ["/usr/x86_64-w64-mingw32/include/ddk", "/usr/x86_64-w64-mingw32/include"].map(PathBuf::from);
        assert_eq!(mingw.header_folders, folders);
        assert_eq!(mingw.library_folder, Path::new("/usr/x86_64-w64-mingw32/lib"));
    }

    #[test]
    fn other_places_are_found_or_named() {
        let fedora = find_wdm(&installed_at(ROOTS[1])).unwrap();
        assert_eq!(fedora.library_folder, Path::new("/usr/x86_64-w64-mingw32/sys-root/mingw/lib"));
        let named = find_wdm(&installed_at("/opt/mingw").with_variable(ROOT_VARIABLE, "/opt/mingw")).unwrap();
        assert_eq!(named.library_folder, Path::new("/opt/mingw/lib"));
        let host = FakeHost::linux().with_variable(ROOT_VARIABLE, "/gone");
        let error = find(&host, &DriverConfig::Wdm, CpuArchitecture::Amd64).unwrap_err().to_string();
        assert!(error.starts_with("NMR_MINGW_ROOT names /gone"), "{error}");
    }

    #[test]
    fn every_missing_part_is_named() {
        let missing = find_wdm(&FakeHost::linux()).unwrap_err();
        assert_eq!(missing.len(), 4);
        let without_hal = installed_at("/opt/mingw").without_file("/opt/mingw/lib/libhal.a");
        let missing = find_wdm(&without_hal.with_variable(ROOT_VARIABLE, "/opt/mingw")).unwrap_err();
        assert_eq!(missing, [Piece::ImportLibrary("/opt/mingw/lib/libhal.a".into())]);
    }

    #[test]
    fn what_only_a_wdk_can_do_is_refused() {
        let host = installed_at(ROOTS[0]);
        let kmdf = DriverConfig::Kmdf(KmdfConfig::new());
        let error = find(&host, &kmdf, CpuArchitecture::Amd64).unwrap_err().to_string();
        assert!(error.contains("KMDF") && error.contains("WDKContentRoot"), "{error}");
        let error = find(&host, &DriverConfig::Wdm, CpuArchitecture::Arm64).unwrap_err().to_string();
        assert!(error.contains("ARM64") && error.contains("WDKContentRoot"), "{error}");
    }

    #[test]
    fn every_routine_of_the_supplement_is_declared_by_the_supplement_header() {
        let header = std::fs::read_to_string(header_supplement().join("ntifs.h")).unwrap();
        for routine in ROUTINES_WITHOUT_IMPORT {
            assert!(header.contains(&format!(" {routine}(")), "{routine} is not declared");
        }
    }
}
