//! The parts of the WDK's interface that bindings can be made for: their headers and libraries.

use crate::driver_config::DriverConfig;

/// A part of the WDK's interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiSubset {
    /// What nearly every driver uses.
    Base,
    /// The Windows Driver Framework.
    Wdf,
    /// General-purpose input and output pins.
    Gpio,
    /// Human interface devices.
    Hid,
    /// Parallel and serial ports.
    ParallelPorts,
    /// Simple peripheral buses.
    Spb,
    /// Storage.
    Storage,
    /// Universal serial bus.
    Usb,
}

impl ApiSubset {
    /// The headers of this part, without those whose names depend on the kit or on clang.
    pub(crate) fn headers(self, driver: &DriverConfig) -> Vec<&'static str> {
        let kernel = driver.is_kernel_mode();
        let kmdf = matches!(driver, DriverConfig::Kmdf(_));
        let framework = !matches!(driver, DriverConfig::Wdm);
        let pick =
            |wanted: bool, headers: &[&'static str]| if wanted { headers.to_vec() } else { Vec::new() };
        match self {
            Self::Base => {
                [pick(kernel, &["ntifs.h", "ntddk.h", "ntstrsafe.h"]), pick(!kernel, &["windows.h"])]
            }
            Self::Wdf => [pick(framework, &["wdf.h"]), vec![]],
            Self::Gpio => [vec!["gpio.h"], pick(kmdf, &["gpioclx.h"])],
            Self::Hid => [
                vec!["hidclass.h", "hidsdi.h", "hidpi.h", "vhf.h"],
                [
                    pick(kernel, &["hidpddi.h", "hidport.h", "kbdmou.h", "ntdd8042.h"]),
                    pick(kmdf, &["HidSpiCx/1.0/hidspicx.h"]),
                ]
                .concat(),
            ],
            Self::ParallelPorts => [vec!["ntddpar.h", "ntddser.h"], pick(kernel, &["parallel.h"])],
            Self::Spb => [
                vec!["spb.h", "reshub.h"],
                [pick(kernel, &["pwmutil.h"]), pick(kmdf, &["spb/1.1/spbcx.h"])].concat(),
            ],
            Self::Storage => [
                [STORAGE.to_vec(), pick(kernel, &STORAGE_IN_KERNEL)].concat(),
                pick(kmdf, &["ehstorbandmgmt.h"]),
            ],
            Self::Usb => [
                [USB.to_vec(), pick(kernel, &USB_IN_KERNEL)].concat(),
                [pick(framework, &["wdfusb.h"]), pick(kmdf, &USB_IN_KMDF)].concat(),
            ],
        }
        .concat()
    }

    /// The libraries a driver that uses this part is linked with.
    pub(crate) fn libraries(self, driver: &DriverConfig, arm64: bool) -> Vec<&'static str> {
        let for_arm = if arm64 { vec!["arm64rt"] } else { vec![] };
        match (self, driver) {
            (Self::Base, DriverConfig::Wdm) => [KERNEL_LIBRARIES.to_vec(), for_arm].concat(),
            (Self::Base, DriverConfig::Kmdf(_)) => {
                [KERNEL_LIBRARIES.to_vec(), vec!["WdfLdr", "WdfDriverEntry"], for_arm].concat()
            }
            (Self::Base, DriverConfig::Umdf(version)) if version.umdf_version_major >= 2 => {
                vec!["WdfDriverStubUm", "ntdll", "OneCoreUAP"]
            }
            (Self::Base, DriverConfig::Umdf(_)) => vec!["OneCoreUAP"],
            (Self::Hid, DriverConfig::Umdf(_)) => vec!["VhfUm"],
            (Self::Hid, _) => vec!["VhfKm"],
            _ => vec![],
        }
    }
}

const KERNEL_LIBRARIES: [&str; 4] = ["BufferOverflowFastFailK", "ntoskrnl", "hal", "wmilib"];
const STORAGE: [&str; 10] = [
    "ehstorioctl.h",
    "ntddcdrm.h",
    "ntddcdvd.h",
    "ntdddisk.h",
    "ntddmmc.h",
    "ntddscsi.h",
    "ntddstor.h",
    "ntddtape.h",
    "ntddvol.h",
    "ufs.h",
];
const STORAGE_IN_KERNEL: [&str; 6] =
    ["mountdev.h", "mountmgr.h", "ntddchgr.h", "ntdddump.h", "storduid.h", "storport.h"];
const USB: [&str; 5] = ["usb.h", "usbfnbase.h", "usbioctl.h", "usbspec.h", "Usbpmapi.h"];
const USB_IN_KERNEL: [&str; 4] = ["usbbusif.h", "usbdlib.h", "usbfnattach.h", "usbfnioctl.h"];
const USB_IN_KMDF: [&str; 7] = [
    "ucm/1.0/UcmCx.h",
    "UcmTcpci/1.0/UcmTcpciCx.h",
    "UcmUcsi/1.0/UcmucsiCx.h",
    "ude/1.1/UdeCx.h",
    "ufx/1.1/ufxbase.h",
    "ufxproprietarycharger.h",
    "urs/1.0/UrsCx.h",
];

/// Rust source that links these libraries, except in wdk-sys's own tests and where its user asked for none.
pub(crate) fn link_attributes(libraries: &[&str]) -> String {
    let link = |name: &&str| {
        format!(
            "#[cfg(not(any(test, feature = \"suppress-wdk-linking\")))]\n\
             #[link(name = \"{name}\", kind = \"static\", modifiers = \"-bundle\")]\n\
             unsafe extern \"C\" {{}}\n"
        )
    };
    libraries.iter().map(link).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver_config::{KmdfConfig, UmdfConfig};

    fn kmdf() -> DriverConfig {
        DriverConfig::Kmdf(KmdfConfig::new())
    }

    fn umdf(major: u8) -> DriverConfig {
        DriverConfig::Umdf(UmdfConfig { umdf_version_major: major, ..UmdfConfig::new() })
    }

    #[test]
    fn the_base_headers_follow_the_driver_model() {
        assert_eq!(ApiSubset::Base.headers(&DriverConfig::Wdm), ["ntifs.h", "ntddk.h", "ntstrsafe.h"]);
        assert_eq!(ApiSubset::Base.headers(&umdf(2)), ["windows.h"]);
        assert!(ApiSubset::Wdf.headers(&DriverConfig::Wdm).is_empty());
        assert_eq!(ApiSubset::Wdf.headers(&kmdf()), ["wdf.h"]);
    }

    #[test]
    fn framework_and_kernel_headers_are_added_where_they_exist() {
        assert_eq!(ApiSubset::Gpio.headers(&kmdf()), ["gpio.h", "gpioclx.h"]);
        assert_eq!(ApiSubset::Spb.headers(&DriverConfig::Wdm), ["spb.h", "reshub.h", "pwmutil.h"]);
        assert_eq!(ApiSubset::ParallelPorts.headers(&umdf(2)), ["ntddpar.h", "ntddser.h"]);
        assert_eq!(ApiSubset::Hid.headers(&kmdf()).len(), 9);
        assert_eq!(ApiSubset::Storage.headers(&umdf(2)).len(), 10);
        assert_eq!(ApiSubset::Storage.headers(&kmdf()).len(), 17);
        assert_eq!(ApiSubset::Usb.headers(&kmdf()).len(), 17);
        assert_eq!(ApiSubset::Usb.headers(&umdf(2)).last(), Some(&"wdfusb.h"));
    }

    #[test]
    fn libraries_follow_model_version_and_processor() {
        assert_eq!(ApiSubset::Base.libraries(&DriverConfig::Wdm, false), KERNEL_LIBRARIES);
        assert_eq!(ApiSubset::Base.libraries(&kmdf(), true)[4..], ["WdfLdr", "WdfDriverEntry", "arm64rt"]);
        assert_eq!(ApiSubset::Base.libraries(&umdf(2), false), ["WdfDriverStubUm", "ntdll", "OneCoreUAP"]);
        assert_eq!(ApiSubset::Base.libraries(&umdf(1), false), ["OneCoreUAP"]);
        assert_eq!(ApiSubset::Hid.libraries(&umdf(2), false), ["VhfUm"]);
        assert!(ApiSubset::Usb.libraries(&kmdf(), false).is_empty());
    }

    #[test]
    fn link_attributes_can_be_suppressed() {
        let source = link_attributes(&["hal"]);
        assert!(source.contains(r#"#[link(name = "hal", kind = "static", modifiers = "-bundle")]"#));
        assert!(source.contains(r#"feature = "suppress-wdk-linking""#));
    }
}
