//! The C contract of the Network Module Registrar (NMR), as `netioddk.h` and `netiodef.h` state it.
//!
//! A *client module* and a *provider module* of one Network Programming Interface (NPI) each register with the
//! NMR. The NMR offers every provider to every client of the same [`NpiId`]; when both agree they exchange a
//! binding context and a dispatch table and from then on call each other directly. When either side deregisters,
//! the NMR asks both to stop calling, and lets go of a binding when both have said that they did.
//!
//! This crate holds that contract and nothing else: structures, callbacks, status codes, and the nine functions
//! as the trait [`Registrar`]. It uses `core` alone, so that the framework, the simulator and the kernel side can
//! all agree on it.
//!
//! Structures have the layout of 64-bit Windows, asserted at compile time; addresses in them are those of the
//! modules themselves, since the NMR copies nothing.

#![no_std]

pub mod attachments;
mod callbacks;
mod characteristics;
mod guid;
mod handles;
mod module_id;
mod registrar;
mod registration_instance;
mod status;

pub use callbacks::{
    ClientAttachProvider, ClientCleanupBindingContext, ClientDetachProvider, ProviderAttachClient,
    ProviderCleanupBindingContext, ProviderDetachClient,
};
pub use characteristics::{ClientCharacteristics, ProviderCharacteristics};
pub use guid::{Guid, InvalidGuid, NpiId};
pub use handles::{BindingHandle, ClientHandle, ProviderHandle};
pub use module_id::{Luid, ModuleId, ModuleIdType};
pub use registrar::Registrar;
pub use registration_instance::RegistrationInstance;
pub use status::Status;
