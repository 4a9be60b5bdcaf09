//! WSK as an NPI: what a client hands out, and which versions fit.

#![expect(unsafe_code, reason = "says what WSK's tables are")]

use super::contract::wsk;
use core::ffi::c_void;
use nmr::abi::NpiId;
use nmr::{ClientTable, NoCalls, NoCharacteristics, Refusal, Status};

/// `MAKE_WSK_VERSION(1, 0)`: what this crate asks for. WSK may answer with a higher minor version, which is a superset.
pub const VERSION: u16 = 0x0100;

/// Stands for WSK in declarations: `client wsk: wsk::Npi as Wsk { capacity: 1 }`.
#[derive(Clone, Copy, Debug)]
pub struct Npi;

// SAFETY: WSK's provider hands out the table of the contract and its characteristics; it never calls a client whose table
// has no function.
unsafe impl nmr::Npi for Npi {
    const ID: NpiId = <wsk::Npi as nmr::Npi>::ID;
    const NAME: &'static str = "wsk";
    const VERSIONS: &'static [u16] = &[VERSION];
    type ProviderCalls = wsk::ProviderCalls;
    type ClientCalls = NoCalls;
    type ProviderCharacteristics = wsk::ProviderCharacteristics;
    type ClientCharacteristics = NoCharacteristics;
}

/// `WSK_CLIENT_DISPATCH`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ClientDispatch {
    /// The version that is asked for.
    pub version: u16,
    /// 0.
    pub reserved: u16,
    /// `PFN_WSK_CLIENT_EVENT`; WSK defines no event.
    pub event: Option<unsafe extern "system" fn(*mut c_void, u32, *mut c_void, usize) -> Status>,
}

// SAFETY: `WSK_CLIENT_DISPATCH` without a function.
unsafe impl<B> ClientTable<B> for Npi {
    fn client_table(version: u16) -> *const c_void {
        static TABLE: ClientDispatch = ClientDispatch { version: VERSION, reserved: 0, event: None };
        debug_assert!(version == VERSION, "there is one version");
        core::ptr::from_ref(&TABLE).cast()
    }
}

impl wsk::ProviderCharacteristics {
    /// Declines a WSK that does not have `version`: for attach decisions, `offer.characteristics()?.require(VERSION)?`.
    ///
    /// # Errors
    /// The range does not contain it.
    pub fn require(&self, version: u16) -> Result<(), Refusal> {
        if (self.lowest_version..=self.highest_version).contains(&version) {
            return Ok(());
        }
        Err(Refusal::because("this Windows has other versions of WSK"))
    }
}

crate::layout!(ClientDispatch: 16, reserved at 2, event at 8);
crate::layout!(wsk::ProviderCharacteristics: 4, lowest_version at 2);
crate::layout!(wsk::ProviderDispatch: 32, socket at 8, socket_connect at 16, control_client at 24);
