//! The compiler options under which the kit's headers are read.

use std::path::{Path, PathBuf};

use crate::architecture::CpuArchitecture;
use crate::driver_config::DriverConfig;
use crate::kit::Dialect;

/// The macros that a WDK's own build rules define.
pub(crate) fn definitions(
    driver: &DriverConfig,
    architecture: CpuArchitecture,
) -> Vec<(String, Option<String>)> {
    let mut definitions: Vec<(String, Option<String>)> = Vec::new();
    let mut define =
        |name: &str, value: Option<u8>| definitions.push((name.into(), value.map(|v| v.to_string())));
    match architecture {
        CpuArchitecture::Amd64 => ["_WIN64", "_AMD64_", "AMD64"].iter().for_each(|name| define(name, None)),
        CpuArchitecture::Arm64 => {
            define("_ARM64_", None);
            define("ARM64", None);
            define("_USE_DECLSPECS_FOR_SAL", Some(1));
            define("STD_CALL", None);
        }
    }
    if driver.is_kernel_mode() {
        define("_KERNEL_MODE", None);
    }
    match driver {
        DriverConfig::Wdm => {}
        DriverConfig::Kmdf(version) => {
            define("KMDF_VERSION_MAJOR", Some(version.kmdf_version_major));
            define("KMDF_VERSION_MINOR", Some(version.target_kmdf_version_minor));
            if let Some(minimum) = version.minimum_kmdf_version_minor {
                define("KMDF_MINIMUM_VERSION_REQUIRED", Some(minimum));
            }
        }
        DriverConfig::Umdf(version) => {
            define("UMDF_VERSION_MAJOR", Some(version.umdf_version_major));
            define("UMDF_VERSION_MINOR", Some(version.target_umdf_version_minor));
            define("_ATL_NO_WIN_SUPPORT", None);
            define("WIN32_LEAN_AND_MEAN", Some(1));
            if let Some(minimum) = version.minimum_umdf_version_minor {
                define("UMDF_MINIMUM_VERSION_REQUIRED", Some(minimum));
            }
            if version.umdf_version_major >= 2 {
                ["UMDF_USING_NTSTATUS", "_UNICODE", "UNICODE"].iter().for_each(|name| define(name, None));
            }
        }
    }
    definitions
}

/// Warnings that the kits' headers raise and nobody can act on.
const SILENCED_WARNINGS: [&str; 10] = [
    "nonportable-include-path",
    "pragma-pack",
    "ignored-attributes",
    "ignored-pragma-intrinsic",
    "visibility",
    "switch",
    "comment",
    "deprecated-declarations",
    "invalid-token-paste",
    "microsoft",
];

/// The options that make clang read headers written for another compiler.
pub(crate) fn compiler_flags(dialect: Dialect) -> Vec<String> {
    let compatibility: &[&str] = match dialect {
        Dialect::Microsoft => &["-fms-compatibility"],
        // With Microsoft's compatibility mingw-w64's vadefs.h refuses to define variable arguments. The guard hides
        // the AMX tile type, of which bindgen's layout checks expect another size than clang gives it.
        Dialect::Mingw => {
            &["--target=x86_64-w64-windows-gnu", "-fno-ms-compatibility", "--define-macro=__AMXINTRIN_H"]
        }
    };
    let common = ["-fms-extensions", "-fdelayed-template-parsing"];
    let warnings = SILENCED_WARNINGS.iter().map(|name| format!("--warn-=no-{name}"));
    compatibility.iter().chain(&common).map(ToString::to_string).chain(warnings).collect()
}

/// Where headers are searched: ours, the kit's, then clang's own.
pub(crate) fn header_search(own: Option<&Path>, kit: &[PathBuf], clang: Option<&Path>) -> Vec<String> {
    let kit = own.into_iter().chain(kit.iter().map(PathBuf::as_path));
    let mut arguments: Vec<String> =
        kit.map(|folder| format!("--include-directory={}", folder.display())).collect();
    if let Some(folder) = clang {
        arguments.extend(["-isystem".to_owned(), folder.display().to_string()]);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver_config::{KmdfConfig, UmdfConfig};

    fn names(driver: &DriverConfig, architecture: CpuArchitecture) -> String {
        let shown = definitions(driver, architecture).into_iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name,
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn definitions_follow_processor_and_model() {
        let wdm = names(&DriverConfig::Wdm, CpuArchitecture::Amd64);
        assert_eq!(wdm, "_WIN64 _AMD64_ AMD64 _KERNEL_MODE");
        let kmdf =
            DriverConfig::Kmdf(KmdfConfig { minimum_kmdf_version_minor: Some(15), ..KmdfConfig::new() });
        assert_eq!(
            names(&kmdf, CpuArchitecture::Arm64),
            "_ARM64_ ARM64 _USE_DECLSPECS_FOR_SAL=1 STD_CALL _KERNEL_MODE KMDF_VERSION_MAJOR=1 KMDF_VERSION_MINOR=33 \
             KMDF_MINIMUM_VERSION_REQUIRED=15"
        );
        let umdf = names(&DriverConfig::Umdf(UmdfConfig::new()), CpuArchitecture::Amd64);
        assert!(
            umdf.ends_with("UMDF_USING_NTSTATUS _UNICODE UNICODE") && !umdf.contains("_KERNEL_MODE"),
            "{umdf}"
        );
    }

    #[test]
    fn each_dialect_has_its_compatibility_mode() {
        assert!(compiler_flags(Dialect::Microsoft).contains(&"-fms-compatibility".to_owned()));
        let mingw = compiler_flags(Dialect::Mingw);
        assert!(
            mingw.contains(&"-fno-ms-compatibility".to_owned())
                && !mingw.contains(&"-fms-compatibility".to_owned())
        );
    }

    #[test]
    fn our_headers_come_first_and_clangs_last() {
        let arguments = header_search(
            Some(Path::new("/own")),
            &["/km".into(), "/shared".into()],
            Some(Path::new("/clang")),
        );
        assert_eq!(
            arguments,
            [
                "--include-directory=/own",
                "--include-directory=/km",
                "--include-directory=/shared",
                "-isystem",
                "/clang"
            ]
        );
    }
}
