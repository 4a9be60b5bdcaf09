//! The attachments of a driver as its control device answers them: rows, their bytes, and the requests.
//!
//! A driver that declares `control_device: true` has a device `\Device\Nmr-<service>`. Both of its requests answer a
//! [`Header`], then one [`RegistrationRow`] for each registration, then one [`AttachmentRow`] for each slot in use. All
//! numbers are little-endian. [`SnapshotWriter`] writes that, [`Snapshot`] reads it, and the layout stands here only.
//!
//! Rows may grow at their ends: the header says how long each is, and a reader skips what it does not know.

mod reader;
mod record;
mod writer;

pub use reader::{Malformed, Snapshot};
pub use writer::{SnapshotWriter, TooSmall, Written};

use crate::{Guid, ModuleId, ModuleIdType};
use core::fmt;
use core::time::Duration;
use record::record;

/// How [`Header::magic`] reads.
pub const MAGIC: [u8; 8] = *b"NmrAtch\0";
/// The value of [`Header::version`]. It changes when a field changes its meaning or its place.
pub const VERSION: u32 = 1;
/// What stands before the name of the service in the name of its control device.
pub const DEVICE_PREFIX: &str = "Nmr-";

/// `IOCTL_NMR_QUERY`: answers a snapshot and changes nothing. Needs a handle opened for reading.
///
/// An answer that does not fit is cut off after a whole row and has the status STATUS_BUFFER_OVERFLOW; [`Header::needed`]
/// says how many bytes it would take. Without room for the header: STATUS_BUFFER_TOO_SMALL and no bytes.
pub const QUERY: u32 = control_code(0x800, FILE_READ_ACCESS);
/// `IOCTL_NMR_DRAIN`: asks every registration to go, and answers a snapshot of what is left as [`QUERY`] does. Sent again
/// until nothing is left. Needs a handle opened for reading and writing.
pub const DRAIN: u32 = control_code(0x801, FILE_READ_ACCESS | FILE_WRITE_ACCESS);

/// `FILE_DEVICE_UNKNOWN`.
pub const DEVICE_TYPE: u32 = 0x22;
const FILE_READ_ACCESS: u32 = 1;
const FILE_WRITE_ACCESS: u32 = 2;

/// `CTL_CODE` with METHOD_BUFFERED, which is 0: the I/O manager copies, so no address of the caller's is ever looked at.
const fn control_code(function: u32, access: u32) -> u32 {
    DEVICE_TYPE << 16 | access << 14 | function << 2
}

record! {
    /// How an answer begins.
    pub struct Header {
        /// [`MAGIC`].
        pub magic: [u8; 8],
        /// [`VERSION`].
        pub version: u32,
        /// Size of this header, in bytes.
        pub header_size: u32,
        /// Size of the whole answer, had there been room for it, in bytes.
        pub needed: u32,
        /// Size of the answer as it is, in bytes.
        pub written: u32,
        /// How many registrations follow.
        pub registrations: u32,
        /// Size of each of them, in bytes.
        pub registration_size: u32,
        /// How many attachments follow after those.
        pub attachments: u32,
        /// Size of each of them, in bytes.
        pub attachment_size: u32,
        /// The driver's name in its declaration, padded with zeros.
        pub driver: Name,
    }
}

record! {
    /// One registration.
    pub struct RegistrationRow {
        /// Its name in the declaration, padded with zeros.
        pub name: Name,
        /// The identifier of the NPI.
        pub npi: Guid,
        /// Which side of the NPI it is.
        pub side: ModuleSide,
        /// Where it is between NmrRegister* and the return of NmrWaitFor*.
        pub state: RegistrationState,
        /// How many peers it has room for.
        pub capacity: u32,
        /// How many slots hold an attachment, or are about to.
        pub attachments: u32,
        /// How many callbacks of NMR are running.
        pub callbacks: u32,
        /// When it is taken down: higher stages first.
        pub stage: u32,
        /// How many peers were refused because the capacity, or the one seat, was in use.
        pub refused_for_capacity: u64,
    }
}

record! {
    /// One slot that is in use.
    pub struct AttachmentRow {
        /// Which registration it belongs to: the position of its row.
        pub registration: u32,
        /// Which slot of the registration it is.
        pub slot: u32,
        /// The identifier of the NPI.
        pub npi: Guid,
        /// Which side of the NPI this driver is.
        pub side: ModuleSide,
        /// How far it has come. With [`AttachmentState::CHANGING`] nothing that follows is meaningful but `calls_in_flight`.
        pub state: AttachmentState,
        /// The `Number` of the peer's registration instance.
        pub peer_number: u32,
        /// Of which type `peer` is; 0 if the peer has no module id.
        pub peer_type: u32,
        /// The value of the peer's module id.
        pub peer: [u8; 16],
        /// The number of the binding, as in the log; the oldest of a registration has the lowest.
        pub binding: u64,
        /// Calls through the attachment that have not returned. It may have changed when the row arrives.
        pub calls_in_flight: u64,
        /// Time since the attachment was begun, in units of 100 ns.
        pub age: u64,
    }
}

/// A name, padded with zeros; longer ones are cut off.
pub type Name = [u8; 32];

/// `name` as a [`Name`], cut off at a whole character.
pub fn padded(name: &str) -> Name {
    let mut padded = [0; 32];
    let end = (0..=name.len().min(32)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    padded[..end].copy_from_slice(&name.as_bytes()[..end]);
    padded
}

/// The text of a [`Name`]; `None` if it is none.
pub fn name_text(name: &Name) -> Option<&str> {
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    core::str::from_utf8(&name[..end]).ok()
}

/// Defines an open enumeration: a `u32` whose known values have names.
macro_rules! open_enum {
    ($(#[$doc:meta])* pub struct $name:ident { $($(#[$value_doc:meta])* $value:ident = $number:literal $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(
            /// The number in a row.
            pub u32,
        );

        impl $name {
            $($(#[$value_doc])* pub const $value: Self = Self($number);)*
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $(Self::$value => f.write_str($text),)*
                    Self(other) => write!(f, "unknown ({other})"),
                }
            }
        }
    };
}

open_enum! {
    /// Which side of an NPI a registration is.
    pub struct ModuleSide {
        /// It calls providers.
        CLIENT = 1 "client";
        /// It serves clients.
        PROVIDER = 2 "provider";
    }
}

open_enum! {
    /// Where a registration is between NmrRegister* and the return of NmrWaitFor*.
    pub struct RegistrationState {
        /// NMR does not know of it.
        IDLE = 0 "idle";
        /// One thread is inside NmrRegister*.
        REGISTERING = 1 "registering";
        /// NMR has it.
        REGISTERED = 2 "registered";
        /// One thread closes its bindings, or is inside NmrDeregister*.
        ISSUING = 3 "deregistering";
        /// NmrDeregister* has answered STATUS_PENDING: it has to be waited for.
        ISSUED = 4 "deregistered, not waited for";
        /// NmrDeregister* has answered STATUS_SUCCESS: there is nothing to wait for at NMR.
        ISSUED_DONE = 5 "deregistered";
        /// One thread is inside NmrWaitFor*, or sees the last callbacks out.
        WAITING = 6 "waiting for NMR";
        /// NmrDeregister* or NmrWaitFor* failed: NMR may still call in.
        FAILED = 7 "failed";
    }
}

open_enum! {
    /// How far an attachment has come.
    pub struct AttachmentState {
        /// The slot is free. No row has this state.
        VACANT = 0 "vacant";
        /// The driver has taken the offer; the peer has not answered yet.
        ATTACHING = 1 "attaching";
        /// Calls go through it.
        ATTACHED = 2 "attached";
        /// No new call gets through; those that are in flight hold the detach.
        DRAINING = 3 "draining";
        /// This driver is done with it; the peer or NMR may not be.
        DETACHED = 4 "detached";
        /// It was changing at each of three looks.
        CHANGING = 5 "changing";
    }
}

impl RegistrationRow {
    /// Whether nothing of the registration is left that unload would have to wait for: NMR does not have it any more, or
    /// has been told so, and no attachment and no callback is there.
    pub const fn is_drained(&self) -> bool {
        let told = matches!(
            self.state,
            RegistrationState::IDLE
                | RegistrationState::ISSUED
                | RegistrationState::ISSUED_DONE
                | RegistrationState::WAITING
        );
        told && self.attachments == 0 && self.callbacks == 0
    }
}

impl AttachmentRow {
    /// The module id of the peer; `None` if it has none.
    pub fn peer_module_id(&self) -> Option<ModuleId> {
        let id_type = i32::try_from(self.peer_type).ok().filter(|number| *number != 0)?;
        Some(ModuleId {
            length: size_of::<ModuleId>() as u16,
            id_type: ModuleIdType(id_type),
            value: self.peer,
        })
    }

    /// Time since the attachment was begun.
    pub const fn age(&self) -> Duration {
        const PER_SECOND: u64 = 10_000_000;
        Duration::new(self.age / PER_SECOND, (self.age % PER_SECOND) as u32 * 100)
    }
}

#[cfg(test)]
mod tests;
