//! Map information: maps of types of the extension's own, kept by eBPF's core in a map of a type that it knows.
//!
//! The functions travel in the characteristics, and get the provider's binding context first; so the NPI is one for each
//! type of binding contexts, which implements [`MapProvider`]:
//!
//! ```text
//! provider maps: map::Npi<Maps> as Maps {
//!     capacity: 16,
//!     characteristics: map::ProviderCharacteristics::of(MAP_TYPE, BASE_MAP_TYPE),
//! },
//! ```

#![expect(unsafe_code, reason = "says what the NPI's tables and characteristics are")]

#[expect(unreachable_pub, reason = "a contract is written as everywhere; one struct of it stays inside")]
mod contract;
mod functions;
mod provider;

pub use contract::map::ClientCharacteristics;
pub use functions::{MapFunctions, MapProperties};
pub use provider::{Created, Element, MapContext, MapProvider, MapShape};

use core::ffi::c_void;
use core::marker::PhantomData;
use nmr::abi::NpiId;
use nmr::{Characteristics, CharacteristicsMismatch, NoCalls, ProviderTable, Published, TotalHeader};

/// Stands for the NPI in declarations, with binding contexts `B`.
#[derive(Debug)]
pub struct Npi<B>(PhantomData<fn() -> B>);

// SAFETY: no side has a dispatch table, and the characteristics are those of the contract.
unsafe impl<B: MapProvider> nmr::Npi for Npi<B> {
    const ID: NpiId = <contract::map::Npi as nmr::Npi>::ID;
    const NAME: &'static str = "map";
    type ProviderCalls = NoCalls;
    type ClientCalls = NoCalls;
    type ProviderCharacteristics = ProviderCharacteristics<B>;
    type ClientCharacteristics = ClientCharacteristics;
}

// SAFETY: there is no table. Only binding contexts `B` can be provided under the characteristics of `B`.
unsafe impl<B: MapProvider> ProviderTable<B> for Npi<B> {
    fn provider_table(_: u16) -> *const c_void {
        core::ptr::null()
    }
}

/// `ebpf_map_provider_data_t`, with the functions of the binding contexts `B`.
#[derive(Debug)]
#[repr(transparent)]
pub struct ProviderCharacteristics<B> {
    shown: contract::map::ProviderCharacteristics,
    serves: PhantomData<fn() -> B>,
}

impl<B: MapProvider> ProviderCharacteristics<B> {
    /// Maps of `map_type`, whose elements the core keeps in maps of `base_map_type`.
    pub const fn of(map_type: u32, base_map_type: u32) -> Self {
        let shown = contract::map::ProviderCharacteristics::new(
            map_type,
            base_map_type,
            const { &MapProperties::new(B::UPDATES_VALUES) },
            const { &MapFunctions::serving::<B>() },
        );
        Self { shown, serves: PhantomData }
    }

    /// As a module shows it to its peers.
    pub const fn publish(self) -> Published<Self, TotalHeader> {
        let extent = Published::<Self, TotalHeader>::extent(size_of::<Self>());
        Published::new(TotalHeader::begin(1, extent), self)
    }
}

// SAFETY: as that of the contract, whose layout it has.
unsafe impl<B: MapProvider> Characteristics for ProviderCharacteristics<B> {
    type Header = TotalHeader;

    unsafe fn of_peer<'a>(shown: *const c_void) -> Result<&'a Self, CharacteristicsMismatch> {
        // SAFETY: as the caller says.
        let shown = unsafe { contract::map::ProviderCharacteristics::of_peer(shown) }?;
        // SAFETY: transparent.
        Ok(unsafe { &*core::ptr::from_ref(shown).cast() })
    }
}

impl ClientCharacteristics {
    /// `ebpf_base_map_client_dispatch_table_t*`: memory and epochs of the core.
    pub const fn client_table(&self) -> *const c_void {
        self.client_table
    }
}

crate::layout!(Published<contract::map::ProviderCharacteristics, TotalHeader>: 48);
crate::layout!(contract::map::ProviderCharacteristics: 24, base_map_type at 4, properties at 8, functions at 16);
crate::layout!(Published<ClientCharacteristics, TotalHeader>: 40);
crate::layout!(ClientCharacteristics: 16, client_table at 8);
