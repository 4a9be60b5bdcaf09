//! The kit a build uses: which header and library folders, and in which dialect the headers are written.

use std::path::{Path, PathBuf};

use crate::ConfigError;
use crate::architecture::CpuArchitecture;
use crate::driver_config::DriverConfig;
use crate::host::{Host, find_below};
use crate::kit_root::{find_kit_root, kit_version, numbers};
use crate::mingw::{self, Mingw};
use crate::missing::Piece;

/// Which compiler the headers are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Microsoft's.
    Microsoft,
    /// GCC.
    Mingw,
}

/// Everything a build takes from a kit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kit {
    /// The kit's folder and version, if it is laid out as Microsoft's are.
    pub(crate) microsoft: Option<(PathBuf, String)>,
    pub(crate) dialect: Dialect,
    /// In the order in which they are searched.
    pub(crate) header_folders: Vec<PathBuf>,
    /// In the order in which they are searched.
    pub(crate) library_folders: Vec<PathBuf>,
}

impl Kit {
    /// Finds the kit for a driver: one named by the environment or the registry, else, off Windows, mingw-w64.
    pub(crate) fn find(
        host: &impl Host,
        driver: &DriverConfig,
        architecture: CpuArchitecture,
    ) -> Result<Result<Self, Vec<Piece>>, ConfigError> {
        if let Some(root) = find_kit_root(host)? {
            let kit = Self::microsoft(host, &root, driver, architecture);
            // Read for another processor they would pass, as what they are: headers for x86-64.
            if kit.as_ref().is_ok_and(|kit| kit.dialect == Dialect::Mingw) {
                mingw::require_known(architecture)?;
            }
            return Ok(kit);
        }
        if host.is_windows() {
            return Ok(Err(vec![Piece::Kit]));
        }
        let mingw = mingw::find(host, driver, architecture)?;
        Ok(mingw.map(|Mingw { header_folders, library_folder }| Self {
            microsoft: None,
            dialect: Dialect::Mingw,
            header_folders,
            library_folders: vec![library_folder],
        }))
    }

    /// The newest header of the USB host controller extension, as an include path.
    pub(crate) fn usb_controller_extension_header(&self, host: &impl Host) -> Option<String> {
        let newest = self.library_folders.iter().filter_map(|folder| {
            let versions = host.entries(&folder.join("ucx"));
            versions.into_iter().filter(|name| is_two_part_version(name)).max_by_key(|name| numbers(name))
        });
        newest.max_by_key(|version| numbers(version)).map(|version| format!("ucx/{version}/ucxclass.h"))
    }

    fn microsoft(
        host: &impl Host,
        root: &Path,
        driver: &DriverConfig,
        architecture: CpuArchitecture,
    ) -> Result<Self, Vec<Piece>> {
        let Some(version) = kit_version(host, root) else {
            return Err(vec![Piece::KitFolder(root.join("Lib").join("10.*"))]);
        };
        let mut missing = Vec::new();
        let mut folder = |relative: &str| {
            let found = find_below(host, root, relative).filter(|path| host.is_folder(path));
            if found.is_none() {
                missing.push(Piece::KitFolder(
                    root.components().chain(Path::new(relative).components()).collect(),
                ));
            }
            found
        };
        let header_folders: Vec<PathBuf> =
            header_folders(&version, driver).iter().filter_map(|name| folder(name)).collect();
        let library_folders: Vec<PathBuf> =
            library_folders(&version, driver, architecture).iter().filter_map(|name| folder(name)).collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let from_mingw = header_folders.iter().any(|folder| host.is_file(&folder.join(mingw::MARK)));
        let dialect = if from_mingw { Dialect::Mingw } else { Dialect::Microsoft };
        Ok(Self { microsoft: Some((root.into(), version)), dialect, header_folders, library_folders })
    }
}

fn is_two_part_version(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    parts.len() == 2 && parts.iter().all(|part| part.parse::<u32>().is_ok())
}

/// The header folders of Microsoft's kits, in the order of the WDK's own build rules.
fn header_folders(version: &str, driver: &DriverConfig) -> Vec<String> {
    let mode = if driver.is_kernel_mode() { "km" } else { "um" };
    let mut folders = vec![
        format!("Include/{version}/km/crt"),
        format!("Include/{version}/{mode}"),
        format!("Include/{version}/shared"),
    ];
    match driver {
        DriverConfig::Wdm => {}
        DriverConfig::Kmdf(kmdf) => {
            let (major, minor) = (kmdf.kmdf_version_major, kmdf.target_kmdf_version_minor);
            folders.push(format!("Include/wdf/kmdf/{major}.{minor}"));
            // ufxclient.h includes its neighbours by their names alone.
            folders.push(format!("Include/{version}/km/ufx/1.1"));
        }
        DriverConfig::Umdf(umdf) => {
            let (major, minor) = (umdf.umdf_version_major, umdf.target_umdf_version_minor);
            folders.push(format!("Include/wdf/umdf/{major}.{minor}"));
        }
    }
    folders
}

/// The library folders of Microsoft's kits; a framework's come before the system's.
fn library_folders(version: &str, driver: &DriverConfig, architecture: CpuArchitecture) -> Vec<String> {
    let architecture = architecture.as_windows_str();
    let mode = if driver.is_kernel_mode() { "km" } else { "um" };
    let system = format!("Lib/{version}/{mode}/{architecture}");
    match driver {
        DriverConfig::Wdm => vec![system],
        DriverConfig::Kmdf(kmdf) => {
            let (major, minor) = (kmdf.kmdf_version_major, kmdf.target_kmdf_version_minor);
            vec![format!("Lib/wdf/kmdf/{architecture}/{major}.{minor}"), system]
        }
        DriverConfig::Umdf(umdf) => {
            let (major, minor) = (umdf.umdf_version_major, umdf.target_umdf_version_minor);
            vec![format!("Lib/wdf/umdf/{architecture}/{major}.{minor}"), system]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver_config::{KmdfConfig, UmdfConfig};
    use crate::host::fake::FakeHost;
    use crate::missing::Missing;

    const AMD64: CpuArchitecture = CpuArchitecture::Amd64;

    fn require(
        host: &FakeHost,
        driver: &DriverConfig,
        architecture: CpuArchitecture,
    ) -> Result<Kit, Missing> {
        Kit::find(host, driver, architecture).unwrap().map_err(|pieces| Missing::new(host, pieces))
    }

    fn with_wdk(host: FakeHost) -> FakeHost {
        ["Include/10.0.1.0/km/crt", "Include/10.0.1.0/shared", "Lib/10.0.1.0/km/x64"]
            .iter()
            .fold(host, |host, folder| host.with_folder(&format!("/kit/{folder}")))
            .with_variable("WDKContentRoot", "/kit")
    }

    #[test]
    fn a_named_kit_is_used_on_every_host() {
        for host in [FakeHost::linux(), FakeHost::windows()] {
            let kit = require(&with_wdk(host), &DriverConfig::Wdm, AMD64).unwrap();
            let folders =
                ["km/crt", "km", "shared"].map(|name| Path::new("/kit/Include/10.0.1.0").join(name));
            assert_eq!(kit.header_folders, folders);
            assert_eq!(kit.library_folders, [Path::new("/kit/Lib/10.0.1.0/km/x64")]);
            assert_eq!(kit.dialect, Dialect::Microsoft);
        }
    }

    #[test]
    fn a_kit_filled_with_mingw_headers_speaks_their_dialect() {
        let host = with_wdk(FakeHost::linux()).with_file("/kit/Include/10.0.1.0/shared/_mingw.h");
        assert_eq!(require(&host, &DriverConfig::Wdm, AMD64).unwrap().dialect, Dialect::Mingw);
    }

    #[test]
    fn a_kit_filled_with_mingw_headers_is_none_for_arm64() {
        let host = with_wdk(FakeHost::linux()).with_folder("/kit/Lib/10.0.1.0/km/ARM64");
        assert!(require(&host, &DriverConfig::Wdm, CpuArchitecture::Arm64).is_ok());
        let filled = host.with_file("/kit/Include/10.0.1.0/shared/_mingw.h");
        let error = Kit::find(&filled, &DriverConfig::Wdm, CpuArchitecture::Arm64).unwrap_err().to_string();
        assert!(error.starts_with("a build for ARM64 needs Microsoft's WDK"), "{error}");
    }

    #[test]
    fn a_kit_with_holes_names_each_of_them() {
        let host = with_wdk(FakeHost::windows());
        let error = |driver: &DriverConfig, architecture| {
            require(&host, driver, architecture).unwrap_err().to_string().replace('\\', "/")
        };
        let kmdf = error(&DriverConfig::Kmdf(KmdfConfig::new()), AMD64);
        for hole in
            ["/kit/Include/wdf/kmdf/1.33", "/kit/Include/10.0.1.0/km/ufx/1.1", "/kit/Lib/wdf/kmdf/x64/1.33"]
        {
            assert!(kmdf.contains(hole), "{kmdf}");
        }
        let arm = error(&DriverConfig::Wdm, CpuArchitecture::Arm64);
        assert!(arm.contains("/kit/Lib/10.0.1.0/km/ARM64"), "{arm}");
    }

    #[test]
    fn the_newest_usb_controller_extension_is_chosen() {
        let host = with_wdk(FakeHost::linux())
            .with_folder("/kit/Lib/10.0.1.0/km/x64/ucx/1.9")
            .with_folder("/kit/Lib/10.0.1.0/km/x64/ucx/1.10")
            .with_folder("/kit/Lib/10.0.1.0/km/x64/ucx/other");
        let kit = require(&host, &DriverConfig::Wdm, AMD64).unwrap();
        assert_eq!(kit.usb_controller_extension_header(&host).as_deref(), Some("ucx/1.10/ucxclass.h"));
    }

    #[test]
    fn frameworks_add_their_folders() {
        let umdf = DriverConfig::Umdf(UmdfConfig::new());
        assert_eq!(
            header_folders("10.0.1.0", &umdf)[1..],
            ["Include/10.0.1.0/um", "Include/10.0.1.0/shared", "Include/wdf/umdf/2.33"]
        );
        assert_eq!(
            library_folders("10.0.1.0", &umdf, AMD64),
            ["Lib/wdf/umdf/x64/2.33", "Lib/10.0.1.0/um/x64"]
        );
    }

    #[test]
    fn windows_without_a_kit_asks_for_one_and_linux_for_mingw() {
        let error = require(&FakeHost::windows(), &DriverConfig::Wdm, AMD64).unwrap_err().to_string();
        assert!(error.contains("Install the Windows Driver Kit"), "{error}");
        let error = require(&FakeHost::linux(), &DriverConfig::Wdm, AMD64).unwrap_err().to_string();
        assert!(error.contains("mingw-w64-x86-64-dev"), "{error}");
    }
}
