//! One contract for each convention, shaped like one that exists.

#![expect(unsafe_code, reason = "declares functions that take addresses")]

/// Like the hook NPI of eBPF for Windows.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d40", version = 1)]
pub mod hook {
    use core::ffi::c_void;
    use nmr::Guid;

    /// An enumeration in C, which may hold anything.
    #[plain]
    #[derive(Debug, PartialEq, Eq)]
    pub struct AttachType(pub u32);

    #[header(version_size_total)]
    #[derive(Debug)]
    pub struct ProviderCharacteristics {
        pub program_type: Guid,
        pub attach_type: AttachType,
        pub link_type: u32,
    }

    #[header(version_size_total)]
    #[derive(Debug)]
    pub struct ClientCharacteristics {
        data: *const c_void,
        data_size: usize,
        pub flags: u64,
        pub trailer: u32,
    }

    impl ClientCharacteristics {
        /// Shows `data`.
        pub const fn showing(data: &'static [u8], flags: u64) -> Self {
            Self { data: data.as_ptr().cast(), data_size: data.len(), flags, trailer: 7 }
        }
    }

    #[header(version_count)]
    pub trait Client {
        /// # Safety
        /// `program_context` is what the program takes.
        unsafe fn invoke(&self, program_context: *mut c_void, result: *mut u32) -> i32;
        /// # Safety
        /// `state` has `state_size` bytes.
        #[no_context]
        unsafe fn batch_begin(&self, state_size: usize, state: *mut c_void) -> i32;
    }
}

/// Like WSK.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d41", version = 0x0101, oldest = 0x0100)]
pub mod sockets {
    use core::ffi::c_void;

    #[header(none)]
    #[derive(Debug)]
    pub struct ProviderCharacteristics {
        pub highest: u16,
        pub lowest: u16,
    }

    #[header(version_reserved)]
    pub trait Provider {
        /// # Safety
        /// `request` is a request.
        unsafe fn socket(&self, family: u16, request: *mut c_void) -> nmr::Status;
        fn control(&self, code: u32) -> nmr::Result<()>;
        /// Since the minor version 1.
        #[since(version = 0x0101)]
        fn name(&self, index: u32) -> nmr::Result<u64>;
    }

    #[header(version_reserved)]
    pub trait Client {
        #[optional]
        fn event(&self, event: u32) -> nmr::Result<()>;
    }
}

/// Like MsQuic: no binding context reaches the functions.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d42", version = 0)]
pub mod quic {
    use core::ffi::c_void;

    #[header(version_reserved)]
    pub trait Provider {
        /// # Safety
        /// `api` is a place for a pointer.
        #[no_context]
        unsafe fn open_version(&self, version: u32, api: *mut *const c_void) -> i32;
        /// # Safety
        /// `api` came from `open_version`.
        #[no_context]
        unsafe fn close(&self, api: *const c_void);
    }
}

/// Like the characteristics of XDP, and functions in front of which there is nothing.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d43", version = 3)]
pub mod interfaces {
    use nmr::Guid;

    #[header(revision_size, version = 1)]
    #[derive(Debug)]
    pub struct ClientCharacteristics {
        pub offset: u32,
        pub count: u32,
        pub versions: [u32; 3],
        pub instance: Guid,
    }

    #[header(none)]
    pub trait Client {
        fn open(&self, index: u32) -> nmr::Result<()>;
    }
}

/// Like PktMon.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d44", version = 2, oldest = 1)]
pub mod monitor {
    #[header(size)]
    #[derive(Debug)]
    pub struct ProviderCharacteristics {
        pub major: u16,
        pub minor: u16,
    }

    #[header(size)]
    pub trait Provider {
        fn register(&self, component: u64) -> u32;
        #[optional]
        fn log(&self, packet: u64) -> nmr::Result<u32>;
        #[since(version = 2)]
        fn drop_packet(&self, packet: u64) -> nmr::Result<u32>;
    }
}
