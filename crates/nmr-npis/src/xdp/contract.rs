//! What a module shows, as XDP's headers have it.

/// XDP for Windows, `NPI_XDP_ID`.
#[nmr::npi(id = "e1cadf68-e3dd-4a4a-932d-386a29399f5e", version = 1)]
pub mod xdp {
    use nmr::Guid;

    /// `XDP_VERSION`.
    #[plain]
    #[derive(Debug, PartialEq, Eq)]
    pub struct Version {
        /// Major version; other majors are other APIs.
        pub major: u32,
        /// Minor version.
        pub minor: u32,
        /// Patch level.
        pub patch: u32,
    }

    /// `XDP_CAPABILITIES`: `XDP_CAPABILITIES_EX` and, behind it, one version of the driver API.
    #[header(revision_size, version = 1)]
    #[derive(Debug)]
    pub struct ClientCharacteristics {
        versions_offset: u32,
        version_count: u32,
        /// The version of the kit that the driver was built with.
        pub kit: Version,
        /// The same GUID as the registration's module id.
        pub instance: Guid,
        rx_checksum: u8,
        rx_timestamp: u8,
        tx_timestamp: u8,
        reserved: u8,
        /// The version of the driver API that the interface speaks.
        pub speaks: Version,
    }

    impl ClientCharacteristics {
        /// An interface without offloads that speaks version `speaks`.
        pub const fn new(instance: Guid, kit: Version, speaks: Version) -> Self {
            let (rx_checksum, rx_timestamp, tx_timestamp, reserved) = (0, 0, 0, 0);
            // From the beginning of the header.
            let versions_offset =
                size_of::<nmr::RevisionHeader>() as u32 + core::mem::offset_of!(Self, speaks) as u32;
            Self {
                versions_offset,
                version_count: 1,
                kit,
                instance,
                rx_checksum,
                rx_timestamp,
                tx_timestamp,
                reserved,
                speaks,
            }
        }
    }
}
