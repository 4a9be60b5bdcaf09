//! What both sides show, as eBPF's headers have it.

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

    impl ProviderCharacteristics {
        pub(in super::super) const fn new(
            map_type: u32,
            base_map_type: u32,
            properties: &'static MapProperties,
            functions: &'static MapFunctions,
        ) -> Self {
            Self { map_type, base_map_type, properties, functions }
        }
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
