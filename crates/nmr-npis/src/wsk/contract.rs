//! The NPI as `wsk.h` has it, as far as this crate uses it.

#![expect(unsafe_code, reason = "declares functions that take addresses")]
#![expect(clippy::too_many_arguments, reason = "WSK has that many")]

/// Winsock Kernel, `NPI_WSK_INTERFACE_ID`.
#[nmr::npi(id = "2227e803-8d8b-11d4-abad-009027719e09", version = 0x0100)]
pub mod wsk {
    use core::ffi::c_void;
    use nmr::Status;

    /// `WSK_PROVIDER_CHARACTERISTICS`: the versions of WSK that this Windows has.
    #[header(none)]
    #[derive(Debug)]
    pub struct ProviderCharacteristics {
        /// The highest, major version in the high byte.
        pub highest_version: u16,
        /// The lowest.
        pub lowest_version: u16,
    }

    /// The beginning of `WSK_PROVIDER_DISPATCH`; the functions for names, which Windows 7 added, follow in WSK's own table
    /// and are not called here. Each takes `PWSK_CLIENT` first, and completes `irp` whatever it answers.
    #[header(version_reserved)]
    pub trait Provider {
        /// `WskSocket`: the request's information is the socket. IRQL = PASSIVE_LEVEL.
        ///
        /// # Safety
        /// As `wsk.h` says of each argument.
        unsafe fn socket(
            &self,
            address_family: u16,
            socket_type: u16,
            protocol: u32,
            flags: u32,
            socket_context: *mut c_void,
            dispatch: *const c_void,
            owning_process: *mut c_void,
            owning_thread: *mut c_void,
            security_descriptor: *mut c_void,
            irp: *mut c_void,
        ) -> Status;

        /// `WskSocketConnect`: makes, binds and connects a socket. IRQL = PASSIVE_LEVEL.
        ///
        /// # Safety
        /// As `wsk.h` says of each argument.
        unsafe fn socket_connect(
            &self,
            socket_type: u16,
            protocol: u32,
            local_address: *mut c_void,
            remote_address: *mut c_void,
            flags: u32,
            socket_context: *mut c_void,
            dispatch: *const c_void,
            owning_process: *mut c_void,
            owning_thread: *mut c_void,
            security_descriptor: *mut c_void,
            irp: *mut c_void,
        ) -> Status;

        /// `WskControlClient`. IRQL = PASSIVE_LEVEL.
        ///
        /// # Safety
        /// As `wsk.h` says of each argument.
        unsafe fn control_client(
            &self,
            control_code: u32,
            input_size: usize,
            input: *mut c_void,
            output_size: usize,
            output: *mut c_void,
            output_size_returned: *mut usize,
            irp: *mut c_void,
        ) -> Status;
    }
}
