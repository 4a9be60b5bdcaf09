//! The entry point of every driver.

#![allow(unsafe_code, reason = "exports what the I/O manager calls; it expands in drivers only")]

/// Makes DriverEntry and Unload for a driver that `nmr::driver!` declares, and `NmrSnapshot`, which debuggers read; that
/// macro calls it. On a desk it makes nothing.
#[macro_export]
macro_rules! driver_entry {
    (
        $driver:ident,
        registrations: $registrations:literal,
        log_level: $level:ident,
        control_device: $device:literal,
        entry: $entry:ident
    ) => {
        #[cfg(nmr_driver)]
        const _: () = {
            use $crate::nmr::trace;

            // SAFETY: in static storage, loaded and unloaded below and nowhere else.
            static DRIVER: $driver = unsafe { $driver::new($crate::Kernel::new()) };

            #[unsafe(export_name = "NmrSnapshot")]
            static SNAPSHOT: $crate::nmr::snapshot::table::SnapshotTable<$registrations> =
                DRIVER.snapshot_table();
            // The image exports it, so that a debugger finds it without symbols.
            mod exported {
                ::core::arch::global_asm!(
                    ".section .drectve,\"yn\"",
                    ".ascii \" /EXPORT:NmrSnapshot,DATA\"",
                    ".text"
                );
            }

            const NAME: &str = <$driver as $crate::nmr::Driver>::NAME;
            static PROVIDER_METADATA: [u8; trace::provider_metadata_size(NAME)] =
                trace::provider_metadata(NAME);
            static PROVIDER: $crate::entry::Provider =
                $crate::entry::Provider { id: trace::provider_id(NAME), metadata: &PROVIDER_METADATA };
            static IMAGE: $crate::entry::Image = $crate::entry::Image {
        unload: $crate::driver_entry!(@unload $entry),
                dispatch: if $device { Some(dispatch) } else { None },
                log_level: $crate::nmr::Level::$level,
                provider: &PROVIDER,
                snapshot: (&raw const SNAPSHOT).cast(),
            };

    $crate::driver_entry!(@entry $entry $driver);

            unsafe extern "C" fn dispatch(
                _device: *mut $crate::entry::DeviceObject,
                irp: *mut $crate::entry::Irp,
            ) -> i32 {
                // SAFETY: the I/O manager calls it for the control device, which is the driver's only one.
                unsafe { $crate::entry::dispatch(&DRIVER, irp) }.0
            }
        };
    };
    (@unload wdm) => {
        Some(unload)
    };
    (@unload own) => {
        None
    };
    (@entry wdm $driver:ident) => {
        #[unsafe(export_name = "DriverEntry")]
        unsafe extern "system" fn driver_entry(
            driver_object: *mut $crate::entry::DriverObject,
            registry_path: *const $crate::entry::UnicodeString,
        ) -> $crate::nmr::Status {
            // SAFETY: the I/O manager calls DriverEntry once, with the driver's own object and path.
            unsafe { $crate::entry::load(&DRIVER, driver_object, registry_path, &IMAGE) }
        }

        unsafe extern "C" fn unload(_driver_object: *mut $crate::entry::DriverObject) {
            // SAFETY: the I/O manager calls Unload once, after DriverEntry has succeeded.
            unsafe { $crate::entry::unload(&DRIVER) }
        }
    };
    (@entry own $driver:ident) => {
        impl $driver {
            /// Brings the driver up: what DriverEntry does last. On failure everything has been taken down again.
            ///
            /// # Safety
            /// DriverEntry alone calls this, once, with what it was given.
            #[unsafe(export_name = "NmrStartDriver")]
            pub unsafe extern "system" fn start_driver(
                driver_object: *mut $crate::entry::DriverObject,
                registry_path: *const $crate::entry::UnicodeString,
            ) -> $crate::nmr::Status {
                // SAFETY: as the caller says.
                unsafe { $crate::entry::load(&DRIVER, driver_object, registry_path, &IMAGE) }
            }

            /// Takes the driver down: what Unload, or EvtDriverUnload, does. Nothing of NMR is left when it returns.
            ///
            /// # Safety
            /// Unload alone calls this, once, after `start_driver` has succeeded.
            #[unsafe(export_name = "NmrStopDriver")]
            pub unsafe extern "system" fn stop_driver() {
                // SAFETY: as the caller says.
                unsafe { $crate::entry::unload(&DRIVER) }
            }
        }
    };
}
