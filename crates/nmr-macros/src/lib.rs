//! The macros of the `nmr` crate. Here is only the dispatch; they are documented where users meet them, as `nmr::npi`
//! and `nmr::driver`.

use proc_macro::TokenStream;

mod driver;
#[cfg(test)]
mod expansions;
mod npi;

/// Makes a module that holds the traits `Provider` and `Client` the contract of an NPI.
///
/// `Provider` is what a provider serves to its clients, `Client` what a client serves to its providers; either may be
/// missing, both if there are characteristics. Each function takes `&self` and values that cross the boundary as they are:
/// integers, `Status`, `Guid` and `#[plain]` structs of these and of arrays (`nmr::Plain`), or references and slices of
/// them. It returns nothing, such a value, or a `Result` of one, which C sees as an `NTSTATUS` and a last out parameter.
/// Arrays alone go by reference, or are what a `Result` is of: C passes none by value. An alias in the module (`pub type`) is
/// what it names, in C too.
///
/// The contract is the same in every build: nothing in it stands under `#[cfg(..)]`, but the whole of it may.
///
/// The macro adds to the module: `Npi`, the type that stands for the contract; `ProviderDispatch` and
/// `ClientDispatch`, the dispatch tables in C's layout; `ProviderCalls` and
/// `ClientCalls`, which implement the traits by calling an attached peer, and are what a `Guard` dereferences to.
///
/// ```
/// /// Adds numbers.
/// #[nmr::npi(id = "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c11", version = 1)]
/// pub mod adder {
///     /// What a provider of Adder serves.
///     pub trait Provider {
///         /// The sum; an error if it does not fit. IRQL <= DISPATCH_LEVEL.
///         fn add(&self, a: u32, b: u32) -> nmr::Result<u32>;
///     }
/// }
///
/// // A client adds through the calls that its guard dereferences to.
/// fn add_two(provider: &adder::ProviderCalls, to: u32) -> nmr::Result<u32> {
///     use adder::Provider as _;
///     provider.add(to, 2)
/// }
/// ```
/// # Buffers
/// `&T` and `&mut T` cross as addresses, `&[T]` and `&mut [T]` as an address and the number of elements behind it; they are
/// good during the call. C can pass NULL, so such a function returns `nmr::Result`, and what is NULL, misaligned or too
/// long is answered STATUS_INVALID_PARAMETER without a call (NULL with no elements is an empty slice). That an address
/// which is none of these is right, and that buffers which are written overlap no others, is the peer's to keep.
///
/// # Levels
/// A token in front of the arguments says at which IRQL a function is called, and C does not see it: `&AtPassive<'_>` can be
/// called by who has that token alone, and lends it to who implements the function; so do `&AtMostDispatch<'_>` and
/// `&AtDispatch<'_>`, which is for callbacks out of a DPC. Debug builds notice a peer in C that calls at another level. A
/// function without a token may be called up to DISPATCH_LEVEL, and shows nothing to who implements it.
///
/// ```
/// use nmr::{AtDispatch, AtPassive};
///
/// #[nmr::npi(id = "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c13", version = 1)]
/// pub mod store {
///     use nmr::{AtDispatch, AtPassive};
///
///     pub trait Provider {
///         /// Reads what there is, and answers how much it was.
///         fn read(&self, at: &AtPassive<'_>, page: u32, buffer: &mut [u8]) -> nmr::Result<usize>;
///     }
///
///     pub trait Client {
///         /// A page has changed.
///         fn changed(&self, at: &AtDispatch<'_>, page: u32);
///     }
/// }
///
/// fn first_byte(store: &store::ProviderCalls, at: &AtPassive<'_>) -> nmr::Result<u8> {
///     use store::Provider as _;
///     let mut byte = [0];
///     store.read(at, 0, &mut byte)?;
///     Ok(byte[0])
/// }
/// ```
///
/// # Versions
/// NMR knows none. `version = 2, oldest = 1` says that both are spoken: functions are only ever added at the end, behind
/// `#[since(version = 2)]`. A client offers its newest table first, and its older ones in the same attach callback when
/// `NmrClientAttachProvider` answers STATUS_NOINTERFACE; a provider answers with a table of the client's version, the
/// oldest if the client has no table. So a module of version 2 and one that was built with version 1 attach to each other,
/// whichever is which, and calls that only one of them knows answer STATUS_NOT_SUPPORTED. Characteristics are seen before
/// anything is agreed on: give them a version of their own that stays, and add fields at their end.
///
/// ```
/// #[nmr::npi(id = "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c14", version = 2, oldest = 1)]
/// pub mod adder {
///     pub trait Provider {
///         fn add(&self, a: u32, b: u32) -> u32;
///         #[since(version = 2)]
///         fn multiply(&self, a: u32, b: u32) -> nmr::Result<u32>;
///         #[since(version = 2)]
///         #[optional]
///         fn divide(&self, a: u32, b: u32) -> nmr::Result<u32>;
///     }
/// }
///
/// fn twice(adder: &adder::ProviderCalls, a: u32) -> u32 {
///     use adder::Provider as _;
///     adder.multiply(a, 2).unwrap_or_else(|_| adder.add(a, a))
/// }
/// ```
///
/// # Characteristics
/// A struct `ProviderCharacteristics` or `ClientCharacteristics` in the module is what
/// modules of that side show before they are attached (`NpiSpecificCharacteristics`), in C's layout behind the header.
/// Registrations declare their own with `characteristics:`, and `Offer::characteristics` reads the peer's.
///
/// # Addresses
/// A driver without `unsafe` must not be able to hand a peer an address that it made up. So a raw pointer (or an
/// `Option` of an `unsafe extern "system" fn`) crosses as an argument of an `unsafe fn`, or in a private field of
/// characteristics or of a `#[plain]` struct; the contract's crate then offers a constructor that takes references.
///
/// ```
/// # #![allow(unsafe_code)]
/// #[nmr::npi(id = "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c12", version = 1)]
/// pub mod programs {
///     /// An enumeration of C: it may hold any value.
///     #[plain]
///     pub struct Kind(pub u32);
///
///     /// What a provider shows.
///     #[header(version_size_total)]
///     pub struct ProviderCharacteristics {
///         pub kind: Kind,
///         names: *const u8,
///     }
///
///     impl ProviderCharacteristics {
///         pub const fn new(kind: Kind, names: &'static core::ffi::CStr) -> Self {
///             Self { kind, names: names.as_ptr().cast() }
///         }
///     }
///
///     /// What a client serves.
///     #[header(version_count)]
///     pub trait Client {
///         /// # Safety
///         /// `context` is what the program takes.
///         unsafe fn invoke(&self, context: *mut core::ffi::c_void) -> i32;
///         /// # Safety
///         /// `state` has `size` bytes.
///         #[no_context]
///         unsafe fn begin(&self, size: usize, state: *mut core::ffi::c_void) -> i32;
///     }
/// }
/// ```
///
/// # Other conventions
/// NMR prescribes nothing about what tables and characteristics begin with. `#[header(..)]` on a trait or on
/// characteristics names the convention; a version of its own stands behind it: `#[header(revision_size, version = 1)]`.
///
/// | header | fields | what a peer's must be | seen in |
/// |---|---|---|---|
/// | `version_size` (default) | `u16` version, `u16` size | a version that is spoken, at least as long | this framework |
/// | `none` | | anything | WSK's characteristics |
/// | `version_reserved` | `u16` version, `u16` 0 | the same major version (high byte), any newer minor one | WSK, MsQuic |
/// | `size` | `u16` size | at least as long | PktMon |
/// | `revision_size` | `u32` revision, `u32` size | the same or a newer revision, at least as long | XDP |
/// | `version_count` | `u16` version, `u16` number of functions | a version that is spoken, as many functions | eBPF programs |
/// | `version_size_total` | `u16` version, `usize` size, `usize` total size | a version that is spoken, at least as long | eBPF for Windows |
///
/// Behind its header a table has functions alone; characteristics are a structure behind a structure.
///
/// `#[no_context]` says that C calls the function without the binding context in front. A contract with such functions can be
/// called, but not served by binding contexts.
///
/// `#[optional]` says that a peer's table may hold NULL there. The call then answers `Error::NOT_SUPPORTED`, so such
/// functions return `nmr::Result`; who implements the trait in Rust may leave them out, which answers the same.
///
/// # A private build
/// A test build can run beside the inbox module of the same NPI: `NMR_PRIVATE_NPI=mine` in the environment of the build,
/// also of `cargo xtask build` and `cargo xtask package`, mixes that text into the identifier of every contract
/// (`Guid::with_suffix`). Modules of builds with the same text find each other and nobody else. Module ids stay what they
/// are. `nmrctl attachments` shows the identifiers that are used; `cargo xtask header` with the same environment writes them
/// for C.
///
/// # Panics
/// A function that panics does not unwind into the peer: the kernel's panic handler stops the machine with its message, a
/// host ends the process.
#[proc_macro_attribute]
pub fn npi(attribute: TokenStream, item: TokenStream) -> TokenStream {
    npi::expand(attribute.into(), item.into()).into()
}

/// Declares a driver: who it is, which NPIs it is client and provider of, its threads and hooks.
///
/// ```text
/// nmr::driver! {
///     /// Serves Relay by way of Echo.
///     pub driver Composite {
///         module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
///         state: Counters = Counters::new(),       // optional: constant-initialised, reached as `driver.state`
///         threads: 2,                              // optional: most own threads, see `Threads`
///         start: Composite::start,                 // optional hooks: fn(&'static Composite, &MayWait<'_>)
///         stop: Composite::stop,
///         on_failure: bugcheck,                    // optional: or park, when NMR fails to let go of a registration
///         control_device: true,                    // optional: what `nmrctl attachments` and `nmrctl drain` ask
///         log_level: info,                         // optional: error, warning, info (default), trace
///         entry: wdm,                              // optional: or own, see below
///
///         client echo: echo::Npi as EchoProvider { capacity: 4 },
///         client clock: clock::Npi as ClockProvider { capacity: 1, policy: one },
///         provider relay: relay::Npi as RelayClient { capacity: 16, needs: [echo], self_binding: accept },
///         provider hook: hook::Npi as Hooked { capacity: 8, instances: 32, activate: later },
///     }
/// }
/// ```
///
/// `log_level` is the least that is logged unless the DWORD `NmrLogLevel` under the service's `Parameters` key (0 error
/// to 3 trace) says otherwise.
///
/// A registration reads: role, name, NPI, the type of its binding contexts (which implements `ClientBinding` or
/// `ProviderBinding`), options. `capacity` is how many peers can be attached at a time. `policy` is `all` (default),
/// `one` (peers are refused while one is attached; with a capacity of 2 the next may come while the one before is being
/// let go), or `first_of`: all attach, the oldest is used, the next takes over. `needs` names registrations through which calls into this one are served: they register first, and are not
/// touched at unload until this one is completely down. `self_binding` is `refuse` (default) or `accept`.
/// `characteristics` is what peers see if the NPI defines it for the role: `echo::ClientCharacteristics { window: 4 }`, a constant.
/// `shards` is 1 (default), or 16 for an NPI that is called from many processors at a time. `calls_at_dispatch` is `refuse`
/// (default) or `allow`: callers at DISPATCH_LEVEL then pay nothing, and closing a binding waits for a grace period.
///
/// `module_id` is who the registration says it is, the driver by default: for NPIs that tell modules apart by it, such as those
/// of eBPF for Windows. `number` is the Number that peers see, 0 by default. `activate` is `at_load` (default), or `later`: then the driver
/// calls `Registration::activate` when it is time. `instances` makes the field an array, `Instances`: the first is
/// registered at load unless `activate` says `later`, the others by `Instances::activate_any` or
/// `Registration::activate_as`, each with module id, number and characteristics of its own; every one of them has room
/// for `capacity` peers, and left alone they count on from `number`.
///
/// The output is a struct with one public field for each registration and `const fn new(system)`, its implementation
/// of `nmr::Driver`, and DriverEntry with Unload, which `nmr_wdk::driver_entry!` makes. With `entry: own` these are written
/// elsewhere, as in a KMDF driver: DriverEntry ends with `NmrStartDriver(DriverObject, RegistryPath)` and answers what that
/// answers, EvtDriverUnload calls `NmrStopDriver()`, which returns when nothing of NMR is left. Both are C functions of the image
/// (`NTSTATUS`, and nothing), and `start_driver` and `stop_driver` of the struct; there is no control device. With `system: Type` among the
/// settings the driver runs on that `nmr::System` instead of the kernel, and there is no entry point.
#[proc_macro]
pub fn driver(input: TokenStream) -> TokenStream {
    driver::expand(input.into()).into()
}
