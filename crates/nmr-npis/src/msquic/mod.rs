//! MsQuic in the kernel, as a client: msquic.sys hands out the table of an API version.
//!
//! Sources: `inc/msquic.h` and `bin/winkernel/nmrprovider.c` of microsoft/msquic at 4984c21. The provider has no
//! characteristics, Number 0, and the module id [`PROVIDER`]; it accepts every client, takes no dispatch table from it, and
//! lets go at once. Which functions there are is a matter of the API version, whose table MsQuic's own headers describe:
//! here it is an address.
//!
//! A machine may have a private build of MsQuic beside its own; such builds have another NPI identifier, so ask for
//! [`PROVIDER`] in the attach decision and not merely for the NPI.

#![expect(unsafe_code, reason = "calls through the provider's table")]

mod contract;

pub use contract::msquic::*;
use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use nmr::{AtPassive, Error, Guid, ModuleId, Result, Status};

/// The module id of msquic.sys.
pub const PROVIDER: ModuleId =
    ModuleId::from_guid(Guid::from_u128(0x698f_7c72_c2e6_49cd_8c39_9885_1d50_1901));

/// The version of the API that `MsQuicOpen2` asks for.
pub const API_VERSION_2: u32 = 2;

crate::layout!(ProviderDispatch: 24, header at 0, open_version at 8, close at 16);

impl ProviderCalls {
    /// The table of `version` of the API. IRQL = PASSIVE_LEVEL, until it is dropped: it borrows the token too.
    ///
    /// ```compile_fail,E0502
    /// # use nmr_npis::msquic;
    /// fn raises(msquic: &msquic::ProviderCalls, system: &impl nmr::System, at: &mut nmr::MayWait<'_>) {
    ///     let api = msquic.open(msquic::API_VERSION_2, at.at_passive());
    ///     at.at_dispatch(system, |_| drop(api)); // error: the token is lent to `api`
    /// }
    /// ```
    ///
    /// # Errors
    /// What MsQuic answers; STATUS_NOT_SUPPORTED for a version that it does not know.
    pub fn open<'a>(&'a self, version: u32, _: &'a AtPassive<'_>) -> Result<Api<'a>> {
        let mut table = core::ptr::null();
        // SAFETY: a place for a pointer; the caller is inside the rundown, as `self` is lent.
        let status = unsafe { self.open_version(version, &mut table) };
        if status != Status::SUCCESS {
            return Err(Error::from_status(status));
        }
        match NonNull::new(table.cast_mut()) {
            Some(table) => Ok(Api { provider: self, table, at: PhantomData }),
            None => Err(Error::UNSUCCESSFUL),
        }
    }
}

/// The table of one version of MsQuic's API, closed when dropped, at PASSIVE_LEVEL. It borrows from the guard by which
/// MsQuic was reached: as long as it is there, msquic.sys cannot go away.
pub struct Api<'a> {
    provider: &'a ProviderCalls,
    table: NonNull<c_void>,
    at: PhantomData<&'a AtPassive<'a>>,
}

impl Api<'_> {
    /// `const QUIC_API_TABLE*`.
    pub const fn as_ptr(&self) -> *const c_void {
        self.table.as_ptr()
    }
}

impl Drop for Api<'_> {
    fn drop(&mut self) {
        // SAFETY: opened by this very provider, and closed here alone.
        unsafe { self.provider.close(self.table.as_ptr()) };
    }
}

impl fmt::Debug for Api<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("table", &self.table).finish_non_exhaustive()
    }
}
