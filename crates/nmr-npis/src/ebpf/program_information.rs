//! Program information: what programs of a type may do, and the functions that they may call.
//!
//! The registration's module id is the program type. Everything here is made at compile time and lies in statics:
//!
//! ```
//! use nmr_npis::ebpf::program_information::*;
//!
//! static CONTEXT: ContextDescriptor = ContextDescriptor::of::<[u64; 2]>();
//! static TYPE: ProgramTypeDescriptor =
//!     ProgramTypeDescriptor::new(c"tick", &CONTEXT, nmr::Guid::from_u128(0x5c3a_d01c), 1000);
//! static PROTOTYPES: [HelperPrototype; 1] =
//!     [HelperPrototype::new(FIRST_HELPER, c"bpf_ticks", ReturnType::INTEGER, [ArgumentType::DONT_CARE; 5])];
//! static INFO: ProgramInfo = ProgramInfo::new(&TYPE, &PROTOTYPES);
//!
//! extern "C" fn ticks(_: u64, _: u64, _: u64, _: u64, _: u64) -> u64 {
//!     7
//! }
//! static HELPERS: [Helper; 1] = [ticks];
//! static ADDRESSES: HelperAddresses = HelperAddresses::new(&HELPERS);
//! const SHOWN: ProviderCharacteristics = ProviderCharacteristics::new(&INFO, &ADDRESSES, 2);
//! ```

#![expect(unsafe_code, reason = "structures with addresses of statics, which any thread may read")]

use core::ffi::{CStr, c_char, c_void};
use core::mem::offset_of;
use nmr::{Extent, Guid, Plain, TotalHeader};

pub use contract::program_information::*;

mod contract {
    //! The NPI as eBPF's headers have it.

    /// Program information, `EBPF_PROGRAM_INFO_EXTENSION_IID`. No side calls the other.
    #[nmr::npi(id = "2934ad50-2154-44b6-9622-6c528c068411", version = 1)]
    pub mod program_information {
        use super::super::{ContextCreate, ContextDestroy, HelperAddresses, ProgramInfo};

        /// `ebpf_program_data_t`.
        #[header(version_size_total)]
        #[derive(Debug)]
        pub struct ProviderCharacteristics {
            pub(in super::super) program_info: *const ProgramInfo,
            pub(in super::super) type_helpers: *const HelperAddresses,
            pub(in super::super) global_helpers: *const HelperAddresses,
            pub(in super::super) context_create: Option<ContextCreate>,
            pub(in super::super) context_destroy: Option<ContextDestroy>,
            /// The IRQL at which programs are invoked; 2 is DISPATCH_LEVEL.
            pub required_irql: u8,
            /// `ebpf_program_data_capabilities_t`; bit 0 says that contexts have a header of eight words in front.
            pub(in super::super) capabilities: u32,
        }
    }
}

/// `ebpf_program_context_create_t`: data, its size, context, its size, place for the program's context.
pub type ContextCreate = unsafe extern "C" fn(*const u8, usize, *const u8, usize, *mut *mut c_void) -> u32;
/// `ebpf_program_context_destroy_t`: the program's context, then places for data and context and their sizes.
pub type ContextDestroy = unsafe extern "C" fn(*mut c_void, *mut u8, *mut usize, *mut u8, *mut usize);

impl ProviderCharacteristics {
    /// Programs as `info` says, which may call `helpers` and are invoked at `required_irql`. Tests of programs
    /// (`bpf_prog_test_run`) make no context.
    pub const fn new(
        info: &'static ProgramInfo,
        helpers: &'static HelperAddresses,
        required_irql: u8,
    ) -> Self {
        assert!(info.type_helper_count == helpers.count, "as many addresses as prototypes");
        Self {
            program_info: info,
            type_helpers: helpers,
            global_helpers: core::ptr::null(),
            context_create: None,
            context_destroy: None,
            required_irql,
            capabilities: 0,
        }
    }

    /// The same, with functions that make the context for tests of programs and take it down.
    ///
    /// # Safety
    /// They do what `ebpf_program_types.h` says.
    #[must_use]
    pub const unsafe fn with_contexts(self, create: ContextCreate, destroy: ContextDestroy) -> Self {
        Self { context_create: Some(create), context_destroy: Some(destroy), ..self }
    }

    /// What a provider shows of its programs, for who is eBPF's core in a test; NULL if nothing.
    pub const fn program_info(&self) -> *const ProgramInfo {
        self.program_info
    }

    /// The functions that programs of the type may call; NULL if none.
    pub const fn type_helpers(&self) -> *const HelperAddresses {
        self.type_helpers
    }
}

/// A function that programs call: five arguments, of which it uses as many as its prototype says. It runs at the IRQL of
/// the program.
pub type Helper = extern "C" fn(u64, u64, u64, u64, u64) -> u64;

/// The first number of a helper function of a program type, `EBPF_MAX_GENERAL_HELPER_FUNCTION` + 1.
pub const FIRST_HELPER: u32 = 0x1_0000;

/// The most that a context made here has, in bytes: [`hook`](super::hook) runs programs with that much behind every
/// context, so that no program that was verified against a descriptor of this module reads beyond it.
pub const CONTEXT_LIMIT: usize = 128;

/// `ebpf_context_descriptor_t`: which part of its context a program may read and write.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ContextDescriptor {
    size: i32,
    data: i32,
    end: i32,
    meta: i32,
}

impl ContextDescriptor {
    /// A context of type `C` without addresses of packets.
    pub const fn of<C: Plain>() -> Self {
        assert!(size_of::<C>() <= CONTEXT_LIMIT, "a context has at most 128 bytes");
        Self { size: size_of::<C>() as i32, data: -1, end: -1, meta: -1 }
    }
}

const fn header<T>(used: usize) -> TotalHeader {
    TotalHeader::begin(1, Extent::of::<T>(used))
}

/// `ebpf_program_type_descriptor_t`.
#[derive(Debug)]
#[repr(C)]
pub struct ProgramTypeDescriptor {
    header: TotalHeader,
    name: *const c_char,
    context: *const ContextDescriptor,
    program_type: Guid,
    bpf_prog_type: u32,
    is_privileged: u8,
}

impl ProgramTypeDescriptor {
    /// The type `program_type`, which libbpf numbers `bpf_prog_type`.
    pub const fn new(
        name: &'static CStr,
        context: &'static ContextDescriptor,
        program_type: Guid,
        bpf_prog_type: u32,
    ) -> Self {
        Self {
            header: header::<Self>(offset_of!(Self, is_privileged) + 1),
            name: name.as_ptr(),
            context,
            program_type,
            bpf_prog_type,
            is_privileged: 0,
        }
    }
}

/// `ebpf_return_type_t`, an enumeration of the verifier (`ebpf_base.h` of vbpf/ebpf-verifier).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct ReturnType(u32);

impl ReturnType {
    /// Another of the enumeration's values.
    ///
    /// # Safety
    /// The helper function answers what the verifier then takes for granted, such as an address that programs follow.
    pub const unsafe fn of(number: u32) -> Self {
        Self(number)
    }

    /// `EBPF_RETURN_TYPE_INTEGER`.
    pub const INTEGER: Self = Self(0);
}

/// `ebpf_argument_type_t`, an enumeration of the verifier (`ebpf_base.h` of vbpf/ebpf-verifier).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct ArgumentType(u32);

impl ArgumentType {
    /// Another of the enumeration's values.
    ///
    /// # Safety
    /// The helper function does with the argument what the verifier then takes for granted, such as filling memory.
    pub const unsafe fn of(number: u32) -> Self {
        Self(number)
    }

    /// `EBPF_ARGUMENT_TYPE_DONTCARE`: not looked at.
    pub const DONT_CARE: Self = Self(0);
    /// `EBPF_ARGUMENT_TYPE_ANYTHING`: a number.
    pub const ANYTHING: Self = Self(1);
}

/// `ebpf_helper_function_prototype_t`.
#[derive(Debug)]
#[repr(C)]
pub struct HelperPrototype {
    header: TotalHeader,
    helper_id: u32,
    name: *const c_char,
    return_type: ReturnType,
    arguments: [ArgumentType; 5],
    flags: u8,
    implicit_context: u8,
}

impl HelperPrototype {
    /// The function that programs call by number `helper_id`, at least [`FIRST_HELPER`].
    pub const fn new(
        helper_id: u32,
        name: &'static CStr,
        return_type: ReturnType,
        arguments: [ArgumentType; 5],
    ) -> Self {
        assert!(helper_id >= FIRST_HELPER, "numbers up to 0xffff are those of the general helpers");
        Self {
            header: header::<Self>(offset_of!(Self, implicit_context) + 1),
            helper_id,
            name: name.as_ptr(),
            return_type,
            arguments,
            flags: 0,
            implicit_context: 0,
        }
    }
}

/// `ebpf_program_info_t`.
#[derive(Debug)]
#[repr(C)]
pub struct ProgramInfo {
    header: TotalHeader,
    program_type: *const ProgramTypeDescriptor,
    type_helper_count: u32,
    type_helpers: *const HelperPrototype,
    global_helper_count: u32,
    global_helpers: *const HelperPrototype,
}

impl ProgramInfo {
    /// Programs of `program_type`, which may call functions with these prototypes.
    pub const fn new(
        program_type: &'static ProgramTypeDescriptor,
        helpers: &'static [HelperPrototype],
    ) -> Self {
        Self {
            header: header::<Self>(offset_of!(Self, global_helpers) + size_of::<usize>()),
            program_type,
            type_helper_count: helpers.len() as u32,
            type_helpers: helpers.as_ptr(),
            global_helper_count: 0,
            global_helpers: core::ptr::null(),
        }
    }
}

/// `ebpf_helper_function_addresses_t`.
#[derive(Debug)]
#[repr(C)]
pub struct HelperAddresses {
    header: TotalHeader,
    count: u32,
    addresses: *const Helper,
}

impl HelperAddresses {
    /// The functions, in the order of their prototypes.
    pub const fn new(helpers: &'static [Helper]) -> Self {
        Self {
            header: header::<Self>(offset_of!(Self, addresses) + size_of::<usize>()),
            count: helpers.len() as u32,
            addresses: helpers.as_ptr(),
        }
    }
}

macro_rules! shared {
    ($($type:ident)*) => {$(
        // SAFETY: addresses of statics that nobody writes.
        unsafe impl Sync for $type {}
    )*};
}

shared! { ProgramTypeDescriptor HelperPrototype ProgramInfo HelperAddresses }

crate::layout!(nmr::Published<ProviderCharacteristics, TotalHeader>: 72);
crate::layout!(ProviderCharacteristics: 48, type_helpers at 8, context_create at 24, required_irql at 40, capabilities at 44);
crate::layout!(ContextDescriptor: 16);
crate::layout!(ProgramTypeDescriptor: 64, name at 24, context at 32, program_type at 40, bpf_prog_type at 56, is_privileged at 60);
crate::layout!(HelperPrototype: 72, helper_id at 24, name at 32, return_type at 40, arguments at 44, flags at 64, implicit_context at 65);
crate::layout!(ProgramInfo: 64, program_type at 24, type_helper_count at 32, type_helpers at 40, global_helper_count at 48, global_helpers at 56);
crate::layout!(HelperAddresses: 40, count at 24, addresses at 32);
