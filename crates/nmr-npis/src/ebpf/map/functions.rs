//! The tables behind the characteristics, and the way from C into a [`MapProvider`].

#![expect(unsafe_code, reason = "receives the core's addresses")]

use super::{Created, Element, MapContext, MapProvider, MapShape};
use crate::ebpf::hook::EbpfResult;
use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::{slice_from_raw_parts, slice_from_raw_parts_mut};
use nmr::private::{SystemOfProvider, serve};
use nmr::{Extent, Guid, TotalHeader};

/// `EBPF_SUCCESS`.
const SUCCESS: u32 = 0;
/// `EBPF_INVALID_ARGUMENT`.
const INVALID_ARGUMENT: u32 = 6;

/// `ebpf_base_map_provider_properties_t`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MapProperties {
    header: TotalHeader,
    updates_original_value: u8,
}

impl MapProperties {
    pub(super) const fn new(updates_original_value: bool) -> Self {
        let used = offset_of!(Self, updates_original_value) + 1;
        Self {
            header: TotalHeader::begin(1, Extent::of::<Self>(used)),
            updates_original_value: updates_original_value as u8,
        }
    }
}

type Create = unsafe extern "system" fn(*mut c_void, u32, u32, u32, u32, *mut u32, *mut *mut c_void) -> u32;
type Delete = unsafe extern "system" fn(*mut c_void, *mut c_void);
type Associate = unsafe extern "system" fn(*mut c_void, *mut c_void, *const Guid) -> u32;
/// Binding context, map; size and address of key, of value, and of the place for a value; flags.
type WithElement = unsafe extern "system" fn(
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
type Deleted = unsafe extern "system" fn(*mut c_void, *mut c_void, usize, *const u8, usize, *const u8, u32);

/// `ebpf_base_map_provider_dispatch_table_t`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MapFunctions {
    header: TotalHeader,
    create: Create,
    delete: Delete,
    associate_program_type: Associate,
    find_element: Option<WithElement>,
    update_element: Option<WithElement>,
    /// Deprecated in favour of the next, of which exactly one is set.
    preprocess_delete_element: Option<WithElement>,
    delete_element: Option<Deleted>,
}

impl MapFunctions {
    /// The functions of binding contexts `B`.
    pub(super) const fn serving<B: MapProvider>() -> Self {
        let used = offset_of!(Self, delete_element) + size_of::<usize>();
        Self {
            header: TotalHeader::begin(1, Extent::of::<Self>(used)),
            create: create::<B>,
            delete: delete::<B>,
            associate_program_type: associate::<B>,
            find_element: Some(found::<B>),
            update_element: Some(updating::<B>),
            preprocess_delete_element: None,
            delete_element: Some(deleted::<B>),
        }
    }
}

fn answer(result: Result<(), EbpfResult>) -> u32 {
    result.map_or_else(|EbpfResult(failure)| failure, |()| SUCCESS)
}

/// The bytes that C passes as size and address; none for NULL.
///
/// # Safety
/// If not NULL, `size` bytes are there for as long as the call takes.
unsafe fn bytes<'a>(size: usize, at: *const u8) -> &'a [u8] {
    if at.is_null() {
        return &[];
    }
    // SAFETY: as the caller says.
    unsafe { &*slice_from_raw_parts(at, size) }
}

unsafe extern "system" fn create<B: MapProvider>(
    binding: *mut c_void,
    map_type: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    kept_size: *mut u32,
    map: *mut *mut c_void,
) -> u32 {
    if kept_size.is_null() || map.is_null() {
        return INVALID_ARGUMENT;
    }
    let shape = MapShape { map_type, key_size, value_size, max_entries };
    // SAFETY: the core passes the binding context that it was given, which is a `B` and not cleaned up.
    let created = unsafe { serve::<SystemOfProvider<B>, B, _>(binding, |provider| provider.create(&shape)) };
    match created {
        Ok(Created { map: MapContext(context), value_size }) => {
            // SAFETY: not NULL, and the core's to receive.
            unsafe { kept_size.write(value_size) };
            // SAFETY: as above.
            unsafe { map.write(core::ptr::without_provenance_mut(context)) };
            SUCCESS
        }
        Err(EbpfResult(failure)) => failure,
    }
}

unsafe extern "system" fn delete<B: MapProvider>(binding: *mut c_void, map: *mut c_void) {
    // SAFETY: as in `create`.
    unsafe {
        serve::<SystemOfProvider<B>, B, _>(binding, |provider| provider.delete(MapContext(map.addr())));
    }
}

unsafe extern "system" fn associate<B: MapProvider>(
    binding: *mut c_void,
    map: *mut c_void,
    program_type: *const Guid,
) -> u32 {
    // SAFETY: the core passes a program type, or NULL.
    let Some(program_type) = (unsafe { program_type.as_ref() }) else { return INVALID_ARGUMENT };
    let map = MapContext(map.addr());
    // SAFETY: as in `create`.
    answer(unsafe {
        serve::<SystemOfProvider<B>, B, _>(binding, |provider| provider.associate(map, program_type))
    })
}

/// Serves a call about an element, with room for a value.
///
/// # Safety
/// `binding` is the binding context of a `B`; key, value and room are there for as long as the call takes, or NULL.
unsafe fn with_element<B: MapProvider>(
    binding: *mut c_void,
    element: &Element<'_>,
    (size, room): (usize, *mut u8),
    call: impl FnOnce(&B, &Element<'_>, &mut [u8]) -> Result<(), EbpfResult>,
) -> u32 {
    let room = match room.is_null() {
        true => &mut [],
        // SAFETY: as the caller says.
        false => unsafe { &mut *slice_from_raw_parts_mut(room, size) },
    };
    // SAFETY: as the caller says.
    answer(unsafe { serve::<SystemOfProvider<B>, B, _>(binding, |provider| call(provider, element, room)) })
}

macro_rules! with_element {
    ($($name:ident)*) => {$(
        unsafe extern "system" fn $name<B: MapProvider>(
            binding: *mut c_void,
            map: *mut c_void,
            key_size: usize,
            key: *const u8,
            value_size: usize,
            value: *const u8,
            room_size: usize,
            room: *mut u8,
            flags: u32,
        ) -> u32 {
            // SAFETY: the core passes a key, or NULL.
            let key = unsafe { bytes(key_size, key) };
            // SAFETY: the core passes a value, or NULL.
            let value = unsafe { bytes(value_size, value) };
            let element = Element { map: MapContext(map.addr()), key, value, flags };
            // SAFETY: as in `create`; the core passes room for a value of its own, or NULL.
            unsafe { with_element(binding, &element, (room_size, room), B::$name) }
        }
    )*};
}

with_element! { found updating }

unsafe extern "system" fn deleted<B: MapProvider>(
    binding: *mut c_void,
    map: *mut c_void,
    key_size: usize,
    key: *const u8,
    value_size: usize,
    value: *const u8,
    flags: u32,
) {
    // SAFETY: the core passes a key, or NULL.
    let key = unsafe { bytes(key_size, key) };
    // SAFETY: the core passes a value, or NULL.
    let value = unsafe { bytes(value_size, value) };
    let element = Element { map: MapContext(map.addr()), key, value, flags };
    // SAFETY: as in `create`.
    unsafe { serve::<SystemOfProvider<B>, B, _>(binding, |provider| provider.deleted(&element)) };
}

crate::layout!(MapProperties: 32, updates_original_value at 24);
crate::layout!(MapFunctions: 80, create at 24, find_element at 48, delete_element at 72);
