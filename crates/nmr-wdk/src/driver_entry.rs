//! The entry point of every driver.

#![allow(unsafe_code, reason = "exports what the I/O manager calls; it expands in drivers only")]

/// Makes DriverEntry and Unload for a driver that `nmr::driver!` declares; that macro calls it. On a desk it makes
/// nothing.
#[macro_export]
macro_rules! driver_entry {
    ($driver:ident) => {
        #[cfg(nmr_driver)]
        const _: () = {
            // SAFETY: in static storage, loaded and unloaded below and nowhere else.
            static DRIVER: $driver = unsafe { $driver::new($crate::Kernel::new()) };

            #[unsafe(export_name = "DriverEntry")]
            unsafe extern "system" fn driver_entry(
                driver_object: *mut $crate::entry::DriverObject,
                registry_path: *const $crate::entry::RegistryPath,
            ) -> $crate::nmr::Status {
                // SAFETY: the I/O manager calls DriverEntry once, with the driver's own object and registry path.
                unsafe { $crate::entry::load(&DRIVER, driver_object, registry_path, unload) }
            }

            unsafe extern "C" fn unload(_driver_object: *mut $crate::entry::DriverObject) {
                // SAFETY: the I/O manager calls Unload once, after DriverEntry has succeeded.
                unsafe { $crate::entry::unload(&DRIVER) }
            }
        };
    };
}
