//! Map information: maps of types of the extension's own, kept by eBPF's core in a map of a type that it knows.
//!
//! The tables travel in the characteristics, so neither side has a dispatch table. The functions get the provider's
//! binding context first, as NMR knows it. They handle addresses of keys, values and contexts, so they are a matter of the
//! contract's crate or of code that may be `unsafe`; here are the structures.

#![expect(unsafe_code, reason = "structures with addresses of statics, which any thread may read")]

pub use contract::map::*;
use core::ffi::c_void;
use core::mem::offset_of;
use nmr::{Extent, Guid, TotalHeader};

mod contract {
    //! The NPI as eBPF's headers have it.

    /// Map information, `EBPF_MAP_INFO_EXTENSION_IID`.
    #[nmr::npi(id = "3c2b0f4e-8b0e-4e5e-8e1b-7f4b1f0e1f0e", version = 1)]
    pub mod map {
        use super::super::{MapFunctions, MapProperties};
        use core::ffi::c_void;

        /// `ebpf_map_provider_data_t`.
        #[header(version_size_total)]
        #[derive(Debug)]
        pub struct ProviderCharacteristics {
            /// The type that this provider is for.
            pub map_type: u32,
            /// The type of the core's own in which the elements are kept.
            pub base_map_type: u32,
            pub(in super::super) properties: *const MapProperties,
            pub(in super::super) functions: *const MapFunctions,
        }

        /// `ebpf_map_client_data_t`.
        #[header(version_size_total)]
        #[derive(Debug)]
        pub struct ClientCharacteristics {
            /// Where in a map the provider's context is kept.
            pub map_context_offset: u64,
            pub(in super::super) client_table: *const c_void,
        }
    }
}

impl ProviderCharacteristics {
    /// Maps of `map_type`, kept in maps of `base_map_type`.
    ///
    /// # Safety
    /// The functions keep what `ebpf_extension.h` says of each.
    pub const unsafe fn new(
        map_type: u32,
        base_map_type: u32,
        properties: &'static MapProperties,
        functions: &'static MapFunctions,
    ) -> Self {
        Self { map_type, base_map_type, properties, functions }
    }
}

impl ClientCharacteristics {
    /// `ebpf_base_map_client_dispatch_table_t*`: memory and epochs of the core.
    pub const fn client_table(&self) -> *const c_void {
        self.client_table
    }
}

/// `ebpf_base_map_provider_properties_t`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MapProperties {
    header: TotalHeader,
    updates_original_value: u8,
}

impl MapProperties {
    /// Says whether the provider changes values on their way into the map; programs may not change such maps.
    pub const fn new(updates_original_value: bool) -> Self {
        let used = offset_of!(Self, updates_original_value) + 1;
        Self {
            header: TotalHeader::begin(1, Extent::of::<Self>(used)),
            updates_original_value: updates_original_value as u8,
        }
    }
}

/// Binding context, map type, key size, value size, most entries, place for the real value size, place for the context.
pub type MapCreate = unsafe extern "C" fn(*mut c_void, u32, u32, u32, u32, *mut u32, *mut *mut c_void) -> u32;
/// Binding context and map context.
pub type MapDelete = unsafe extern "C" fn(*mut c_void, *mut c_void);
/// Binding context, map context, program type.
pub type MapAssociate = unsafe extern "C" fn(*mut c_void, *mut c_void, *const Guid) -> u32;
/// Binding context, map context; size and address of key, value, and place for the value; flags.
pub type MapElement = unsafe extern "C" fn(
    *mut c_void,
    *mut c_void,
    usize,
    *const u8,
    usize,
    *const u8,
    usize,
    *mut u8,
    u32,
) -> u32;
/// Binding context, map context; size and address of key and value; flags.
pub type MapElementDeleted =
    unsafe extern "C" fn(*mut c_void, *mut c_void, usize, *const u8, usize, *const u8, u32);

/// `ebpf_base_map_provider_dispatch_table_t`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MapFunctions {
    header: TotalHeader,
    create: MapCreate,
    delete: MapDelete,
    associate_program_type: MapAssociate,
    find_element: Option<MapElement>,
    update_element: Option<MapElement>,
    /// Deprecated in favour of the next, of which exactly one is set.
    preprocess_delete_element: Option<MapElement>,
    delete_element: Option<MapElementDeleted>,
}

impl MapFunctions {
    /// The functions of a map type.
    pub const fn new(
        create: MapCreate,
        delete: MapDelete,
        associate_program_type: MapAssociate,
        find_element: Option<MapElement>,
        update_element: Option<MapElement>,
        delete_element: MapElementDeleted,
    ) -> Self {
        let used = offset_of!(Self, delete_element) + size_of::<usize>();
        Self {
            header: TotalHeader::begin(1, Extent::of::<Self>(used)),
            create,
            delete,
            associate_program_type,
            find_element,
            update_element,
            preprocess_delete_element: None,
            delete_element: Some(delete_element),
        }
    }
}

crate::layout!(nmr::Published<ProviderCharacteristics, TotalHeader>: 48);
crate::layout!(ProviderCharacteristics: 24, base_map_type at 4, properties at 8, functions at 16);
crate::layout!(nmr::Published<ClientCharacteristics, TotalHeader>: 40);
crate::layout!(ClientCharacteristics: 16, client_table at 8);
crate::layout!(MapProperties: 32, updates_original_value at 24);
crate::layout!(MapFunctions: 80, create at 24, find_element at 48, delete_element at 72);
