//! Hook: where programs are attached, and how the extension runs them.
//!
//! The registration's module id is the attach type. Each link is a client; a guard on it runs the link's program:
//!
//! ```
//! use nmr_npis::ebpf::hook;
//!
//! fn run_all<'a, R>(links: impl Iterator<Item = nmr::Guard<'a, R>>, context: &mut [u64; 2]) -> usize
//! where
//!     R: nmr::Role<PeerCalls = hook::ClientCalls>,
//! {
//!     links.filter(|link| link.run(context).is_ok()).count()
//! }
//! ```

#![expect(unsafe_code, reason = "hands programs the address of their context")]

use super::program_information::CONTEXT_LIMIT;
pub use contract::hook::*;
use core::fmt;
use core::mem::MaybeUninit;
use nmr::Plain;

mod contract {
    //! The NPI as eBPF's headers have it.

    /// Hook, `EBPF_HOOK_EXTENSION_IID`.
    #[nmr::npi(id = "5d564054-2736-406d-8b22-12bcffaf0a9f", version = 1)]
    pub mod hook {
        use core::ffi::c_void;
        use nmr::Guid;

        /// `ebpf_attach_provider_data_t`.
        #[header(version_size_total)]
        #[derive(Debug)]
        pub struct ProviderCharacteristics {
            /// The type of programs that can be attached.
            pub supported_program_type: Guid,
            /// `bpf_attach_type_t`: the number by which libbpf knows the attach type.
            pub bpf_attach_type: u32,
            /// `enum bpf_link_type`; 1 is `BPF_LINK_TYPE_PLAIN`.
            pub link_type: u32,
        }

        /// `ebpf_extension_data_t`: what the application that made the link passes to the extension.
        #[header(version_size_total)]
        #[derive(Debug)]
        pub struct ClientCharacteristics {
            pub(in super::super) data: *const c_void,
            pub(in super::super) data_size: usize,
            /// Flags of the attach request.
            pub prog_attach_flags: u64,
        }

        /// `ebpf_extension_program_dispatch_table_t`. All answer an `ebpf_result_t`, of which 0 is success.
        #[header(version_count)]
        pub trait Client {
            /// Runs the program. IRQL as the program information says.
            ///
            /// # Safety
            /// `context` is what programs of the type take, and `result` a place.
            unsafe fn invoke(&self, context: *mut c_void, result: *mut u32) -> u32;

            /// Begins a series of runs on one processor.
            ///
            /// # Safety
            /// `state` has `state_size` bytes, which are at least an `ebpf_execution_context_state_t`.
            #[no_context]
            unsafe fn batch_begin(&self, state_size: usize, state: *mut c_void) -> u32;

            /// Runs the program in the series.
            ///
            /// # Safety
            /// As for `invoke`; `state` is that of `batch_begin` on this thread.
            unsafe fn batch_invoke(
                &self,
                context: *mut c_void,
                result: *mut u32,
                state: *const c_void,
            ) -> u32;

            /// Ends the series.
            ///
            /// # Safety
            /// `state` is that of `batch_begin` on this thread.
            #[no_context]
            unsafe fn batch_end(&self, state: *mut c_void) -> u32;
        }
    }
}

/// Why a program did not run: an `ebpf_result_t` that is not `EBPF_SUCCESS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EbpfResult(pub u32);

impl fmt::Display for EbpfResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ebpf_result_t {}", self.0)
    }
}

/// A context, and behind it as much as any descriptor of this crate may promise.
#[repr(C, align(16))]
union Padded<C: Copy> {
    context: C,
    bytes: [u8; CONTEXT_LIMIT],
}

impl ClientCalls {
    /// Runs the link's program on `context`, which it may change, and answers what it returned. IRQL as the program
    /// information says.
    ///
    /// Programs are verified against the [`ContextDescriptor`](super::program_information::ContextDescriptor) of their
    /// type. Here they are given a copy with [`CONTEXT_LIMIT`] bytes, so that one that was verified against another
    /// descriptor of this crate than the one for `C` finds zeros where it expects more.
    ///
    /// # Errors
    /// What eBPF's core answers if the program could not run.
    pub fn run<C: Plain>(&self, context: &mut C) -> Result<u32, EbpfResult> {
        const {
            assert!(
                size_of::<C>() <= CONTEXT_LIMIT && align_of::<C>() <= 16,
                "a context has at most 128 bytes"
            );
        };
        let mut padded: Padded<C> = Padded { bytes: [0; CONTEXT_LIMIT] };
        padded.context = *context;
        let mut result = 0;
        let place: *mut Padded<C> = &mut padded;
        // SAFETY: as large as any context of a program that was verified against a descriptor of this crate.
        let answer = unsafe { self.invoke(place.cast(), &mut result) };
        // SAFETY: any bits are a `C`, and all are there.
        *context = unsafe { padded.context };
        if answer == 0 { Ok(result) } else { Err(EbpfResult(answer)) }
    }
}

impl ClientCharacteristics {
    /// The data that the application passed, copied into `to`; at most as much as fits, and how much there is.
    pub fn copy_data(&self, to: &mut [MaybeUninit<u8>]) -> usize {
        if self.data.is_null() {
            return 0;
        }
        let length = self.data_size.min(to.len());
        // SAFETY: the client keeps `data_size` bytes there while it is registered, which it is while it shows this.
        unsafe { core::ptr::copy_nonoverlapping(self.data.cast(), to.as_mut_ptr(), length) };
        self.data_size
    }
}

crate::layout!(nmr::Published<ProviderCharacteristics, nmr::TotalHeader>: 48);
crate::layout!(ProviderCharacteristics: 24, bpf_attach_type at 16, link_type at 20);
crate::layout!(nmr::Published<ClientCharacteristics, nmr::TotalHeader>: 48);
crate::layout!(ClientCharacteristics: 24, data_size at 8, prog_attach_flags at 16);
crate::layout!(ClientDispatch: 40, invoke at 8, batch_begin at 16, batch_invoke at 24, batch_end at 32);
