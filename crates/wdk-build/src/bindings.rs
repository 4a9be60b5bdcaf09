//! How bindgen is set up for kernel headers.

use std::borrow::Borrow;
use std::fmt;

use bindgen::callbacks::{ItemInfo, ItemKind, ParseCallbacks};
use bindgen::{Builder, EnumVariation, Formatter, RustEdition, RustTarget};

use crate::{Config, ConfigError};

/// Sets a bindgen `Builder` up for the WDK.
pub trait BuilderExt {
    /// A builder that reads the configured kit's headers for the configured driver.
    ///
    /// # Errors
    ///
    /// If the machine lacks anything that a driver build needs.
    fn wdk_default(config: impl Borrow<Config> + fmt::Debug) -> Result<Builder, ConfigError>;
}

/// The oldest compiler the upstream crates are for; what it cannot compile must not be generated.
const OLDEST_COMPILER: u64 = 91;

/// Items left out: deprecated by their documentation, meant for the system alone, or with bit fields whose size
/// bindgen gets wrong.
const LEFT_OUT: [&str; 27] = [
    "ExAllocatePool",
    "ExAllocatePoolWithTag",
    "ExAllocatePoolWithTagPriority",
    "ExAllocatePoolWithQuotaTag",
    "IOCTL_USB_DIAGNOSTIC_MODE_OFF",
    "IOCTL_USB_DIAGNOSTIC_MODE_ON",
    "IOCTL_USB_DIAG_IGNORE_HUBS_OFF",
    "IOCTL_USB_DIAG_IGNORE_HUBS_ON",
    "IOCTL_USB_GET_HUB_CAPABILITIES",
    "IOCTL_USB_HCD_DISABLE_PORT",
    "IOCTL_USB_HCD_ENABLE_PORT",
    "IOCTL_USB_HCD_GET_STATS_1",
    "IOCTL_USB_HCD_GET_STATS_2",
    "IOCTL_USB_RESET_HUB",
    "USBD_(CalculateUsbBandwidth|CreateConfigurationRequest|Debug_LogEntry|GetUSBDIVersion)",
    "USBD_ParseConfigurationDescriptor",
    "USBD_QueryBusTime",
    "USBD_RegisterHcFilter",
    ".*MCG_CAP(?:__bindgen.*)?",
    ".*WHEA_XPF_MCA_SECTION",
    ".*WHEA_ARM_BUS_ERROR(?:__bindgen.*)?",
    ".*WHEA_ARM_PROCESSOR_ERROR",
    ".*WHEA_ARM_CACHE_ERROR",
    ".*ADDRESS0_OWNERSHIP_ACQUIRE",
    ".*USBDEVICE_ABORTIO",
    ".*USBDEVICE_STARTIO",
    ".*USBDEVICE_TREE_PURGEIO",
];

/// Types that headers name but do not define.
const WITHOUT_DEFINITION: [&str; 2] = ["_KGDTENTRY64", "_KIDTENTRY64"];

impl BuilderExt for Builder {
    fn wdk_default(config: impl Borrow<Config> + fmt::Debug) -> Result<Builder, ConfigError> {
        let config = config.borrow();
        let oldest = RustTarget::stable(OLDEST_COMPILER, 0).expect("bindgen 0.73 knows this compiler");
        let mut builder = Builder::default()
            .use_core()
            .derive_default(true)
            .generate_cstr(true)
            .detect_include_paths(false)
            .clang_arg("-fno-builtin")
            .clang_args(config.clang_arguments()?)
            .no_default(".*tagMONITORINFOEXA")
            .must_use_type("NTSTATUS")
            .must_use_type("HRESULT")
            .default_enum_style(EnumVariation::ModuleConsts)
            .parse_callbacks(Box::new(bindgen::CargoCallbacks::new()))
            .parse_callbacks(Box::new(FunctionTable { symbol: config.compute_wdffunctions_symbol_name() }))
            .formatter(Formatter::Prettyplease)
            .rust_target(oldest)
            .rust_edition(RustEdition::Edition2024);
        for item in LEFT_OUT {
            builder = builder.blocklist_item(item);
        }
        for name in WITHOUT_DEFINITION {
            builder = builder.opaque_type(name);
        }
        if !config.driver_config.is_kernel_mode() {
            builder = builder.opaque_type("_USBPM_CLIENT_CONFIG_EXTRA_INFO");
        }
        Ok(builder)
    }
}

/// Gives the framework's function table, whose symbol has the version in its name, the name wdk-sys knows it by.
#[derive(Debug)]
struct FunctionTable {
    symbol: Option<String>,
}

impl ParseCallbacks for FunctionTable {
    fn generated_name_override(&self, item: ItemInfo<'_>) -> Option<String> {
        let is_table = matches!(item.kind, ItemKind::Var) && self.symbol.as_deref() == Some(item.name);
        is_table.then(|| "WdfFunctions".to_owned())
    }
}
