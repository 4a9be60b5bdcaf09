//! What the provider of a map type does.

use crate::ebpf::hook::EbpfResult;
use nmr::{Guid, ProviderBinding};

/// A map that an application asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapShape {
    /// Its type.
    pub map_type: u32,
    /// The size of a key, in bytes.
    pub key_size: u32,
    /// The size of a value that the application sees, in bytes.
    pub value_size: u32,
    /// The most elements.
    pub max_entries: u32,
}

/// What a provider calls a map of its own, such as an index; the core gives it back with each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapContext(pub usize);

/// How a map is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// What the provider calls it.
    pub map: MapContext,
    /// The size of a value as it is kept, in bytes.
    pub value_size: u32,
}

/// An element of a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The map.
    pub map: MapContext,
    /// Its key; empty where the core does not say.
    pub key: &'a [u8],
    /// Its value: as it is kept, or for an update as it comes in.
    pub value: &'a [u8],
    /// `EBPF_MAP_OPERATION_*`: who asks, and why.
    pub flags: u32,
}

/// Serves a map type to eBPF's core, on the binding contexts of the registration. Functions about elements run at
/// IRQL <= DISPATCH_LEVEL if a program asks, and otherwise in the application's process at PASSIVE_LEVEL.
pub trait MapProvider: ProviderBinding {
    /// Whether values are kept differently from what applications see. Then programs cannot use the map, and
    /// [`MapProvider::found`] and [`MapProvider::updating`] are given room for the value to be seen, or kept.
    const UPDATES_VALUES: bool = false;

    /// A map is being made.
    ///
    /// # Errors
    /// It cannot be.
    fn create(&self, shape: &MapShape) -> Result<Created, EbpfResult>;

    /// The map is gone.
    fn delete(&self, map: MapContext);

    /// A program of `program_type` is going to use the map.
    ///
    /// # Errors
    /// It must not.
    fn associate(&self, map: MapContext, program_type: &Guid) -> Result<(), EbpfResult> {
        let _ = (map, program_type);
        Ok(())
    }

    /// An element was found; `seen` is what the application gets, and empty unless values are kept differently.
    ///
    /// # Errors
    /// It is not to be found.
    fn found(&self, element: &Element<'_>, seen: &mut [u8]) -> Result<(), EbpfResult> {
        copy(element.value, seen);
        Ok(())
    }

    /// An element is going to be kept; `kept` is what is kept, and empty unless values are kept differently.
    ///
    /// # Errors
    /// It must not be.
    fn updating(&self, element: &Element<'_>, kept: &mut [u8]) -> Result<(), EbpfResult> {
        copy(element.value, kept);
        Ok(())
    }

    /// An element is gone: deleted, replaced, not kept after all, or the map is.
    fn deleted(&self, element: &Element<'_>) {
        let _ = element;
    }
}

/// As much of the value as there is room for.
fn copy(value: &[u8], to: &mut [u8]) {
    let length = value.len().min(to.len());
    to[..length].copy_from_slice(&value[..length]);
}
