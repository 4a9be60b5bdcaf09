//! The linker options of a driver that Cargo itself links.

use crate::driver_config::DriverConfig;

/// Lines that give Cargo the options of the WDK's own build rules.
pub(crate) fn for_driver(driver: &DriverConfig) -> Vec<String> {
    let kernel = ["/DRIVER", "/NODEFAULTLIB", "/SUBSYSTEM:NATIVE", "/KERNEL"];
    let model: Vec<&str> = match driver {
        // 4216: the entry point is exported, for Rust cannot name a symbol without exporting it.
        DriverConfig::Wdm => [&kernel[..], &["/ENTRY:DriverEntry", "/IGNORE:4216"]].concat(),
        DriverConfig::Kmdf(_) => [&kernel[..], &["/ENTRY:FxDriverEntry"]].concat(),
        DriverConfig::Umdf(_) => {
            vec!["/NODEFAULTLIB:kernel32.lib", "/NODEFAULTLIB:user32.lib", "/SUBSYSTEM:WINDOWS"]
        }
    };
    // 4257: rustc does not mark objects as compiled for the kernel.
    let unmarked = if driver.is_kernel_mode() { vec!["/IGNORE:4257"] } else { vec![] };
    let common = [
        "/NXCOMPAT",
        "/DYNAMICBASE",
        "/MAP",
        "/MAPINFO:EXPORTS",
        "/OPT:REF,ICF",
        "/INTEGRITYCHECK",
        "/MANIFEST:NO",
    ];
    let arguments = model.into_iter().chain(unmarked).chain(common);
    arguments.map(|argument| format!("cargo::rustc-cdylib-link-arg={argument}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver_config::{KmdfConfig, UmdfConfig};

    fn has(driver: &DriverConfig, argument: &str) -> bool {
        for_driver(driver).contains(&format!("cargo::rustc-cdylib-link-arg={argument}"))
    }

    #[test]
    fn each_model_has_its_entry_and_subsystem() {
        let kmdf = DriverConfig::Kmdf(KmdfConfig::new());
        let umdf = DriverConfig::Umdf(UmdfConfig::new());
        assert!(
            has(&DriverConfig::Wdm, "/ENTRY:DriverEntry") && has(&DriverConfig::Wdm, "/SUBSYSTEM:NATIVE")
        );
        assert!(has(&kmdf, "/ENTRY:FxDriverEntry") && has(&kmdf, "/KERNEL"));
        assert!(has(&umdf, "/SUBSYSTEM:WINDOWS") && !has(&umdf, "/DRIVER"));
        for driver in [DriverConfig::Wdm, kmdf, umdf] {
            assert!(has(&driver, "/NXCOMPAT") && has(&driver, "/DYNAMICBASE"));
        }
    }
}
