//! Composite Network Module Registrar (NMR) drivers: declare Network Programming Interfaces (NPIs), attach, call under
//! guard, and unload without a race.
//!
//! A driver declares its registrations with [`driver!`]: client of some NPIs, provider of others, each with a capacity.
//! The contracts themselves are traits, written once with [`npi`] in a crate that both driver teams share. The
//! framework registers each with NMR, decides attachments with the driver's [`ClientBinding`] and [`ProviderBinding`],
//! lends the peer's functions under a [`Guard`], and takes everything down in [`Driver::unload`].
//!
//! ```text
//! declare ── load ── NmrRegister* ── attach ══ guarded calls ══ detach ── cleanup ── unloaded
//! driver!    start   Registration    *Binding   Guard            Rundown  value     Nmr*Wait*, threads joined
//!                                    Offer                       closing  dropped
//! ```
//!
//! What it does not do is hide NMR: each operation names the Nmr* call behind it, and
//! [`Registration::raw_handle`] is there for the rest.
//!
//! No heap, no lock across a call into NMR, a peer or the driver, no wait in a detach or cleanup callback.

#![no_std]

#[cfg(any(test, feature = "host"))]
extern crate std;

mod binding;
mod characteristics;
mod client;
mod driver;
mod error;
mod grace;
mod header;
#[cfg(feature = "host")]
pub mod host;
mod irql;
mod lock;
mod log;
#[cfg(test)]
mod model_check;
mod npi;
mod offer;
#[doc(hidden)]
pub mod private;
mod provider;
mod registration;
mod request;
mod role;
mod rundown;
pub mod snapshot;
mod sync;
mod system;
mod threads;
pub mod trace;
mod trampoline;
mod unload;
mod wire;

pub use binding::{Burst, DispatchGuard, Guard, HeldGuard, PeerRef};
pub use characteristics::{
    Characteristics, CharacteristicsMismatch, MayBeAbsent, NoCharacteristics, OwnCharacteristics, Published,
};
pub use client::ClientBinding;
pub use driver::{Driver, Stage};
pub use error::{Error, Refusal, Result};
pub use grace::GracePeriods;
pub use header::{
    CountHeader, Extent, Header, Newer, NoHeader, ReservedHeader, RevisionHeader, SizeHeader, TableHeader,
    TotalHeader,
};
pub use irql::{AtDispatch, AtMostDispatch, AtPassive, MayWait};
pub use lock::RawLock;
pub use log::{Event, Level, Side, Step};
pub use nmr_abi as abi;
pub use nmr_abi::{Guid, ModuleId, Status};
pub use nmr_macros::{driver, npi};
pub use npi::{ClientTable, NoCalls, Npi, PeerCalls, ProviderTable, TableMismatch};
pub use offer::Offer;
pub use provider::ProviderBinding;
pub use registration::{
    ClientInstances, ClientRegistration, InstanceIdentity, Instances, Options, Policy, ProviderInstances,
    ProviderRegistration, Registered, Registration,
};
pub use request::{Completion, Request, RequestBuffer};
pub use role::{CallsAtDispatch, Client, Provider, Role};
pub use system::{
    DpcRoutine, Failure, FailureKind, OnFailure, RawDpc, RawEvent, RawThread, System, ThreadEntry,
};
pub use threads::{OwnThread, ThreadBody, Threads};
pub use unload::Coordinator;
pub use wire::{Plain, Wire};
