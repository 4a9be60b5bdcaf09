//! The NPI as MsQuic's header has it.

#![expect(unsafe_code, reason = "declares functions that take addresses")]

/// MsQuic, `MSQUIC_NPI_ID`.
#[nmr::npi(id = "c43138e3-cd13-4cb1-9cae-e005c8557aba", version = 0)]
pub mod msquic {
    use core::ffi::c_void;
    use nmr::Status;

    /// `MSQUIC_NMR_DISPATCH`, whose functions do not take the binding context.
    #[header(version_reserved)]
    pub trait Provider {
        /// Answers `version` of the API. IRQL = PASSIVE_LEVEL.
        ///
        /// # Safety
        /// `api` is a place for a pointer.
        #[no_context]
        unsafe fn open_version(&self, version: u32, api: *mut *const c_void) -> Status;

        /// Gives the API back. IRQL = PASSIVE_LEVEL.
        ///
        /// # Safety
        /// `api` came from `open_version` of the same provider, and is not used any more.
        #[no_context]
        unsafe fn close(&self, api: *const c_void);
    }
}
