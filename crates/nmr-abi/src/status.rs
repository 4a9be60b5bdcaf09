//! `NTSTATUS`, open: any 32-bit value may arrive from a peer.

use core::fmt;

/// An `NTSTATUS`. Whether it means success is a question of its two top bits, see [`Status::is_success`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Status(
    /// The value as C sees it.
    pub i32,
);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        impl Status {
            $($(#[$doc])* pub const $name: Self = Self($value as u32 as i32);)*

            /// The name in `ntstatus.h`, without the `STATUS_` prefix, of the codes that the NMR's contract uses.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    /// Done.
    SUCCESS = 0x0000_0000;
    /// Will be done later; a success code (`NT_SUCCESS` holds).
    PENDING = 0x0000_0103;
    /// The answer is longer than the buffer; as much as fits is there (a warning).
    BUFFER_OVERFLOW = 0x8000_0005;
    /// The buffer is too small for any of the answer.
    BUFFER_TOO_SMALL = 0xC000_0023;
    /// The device does not know the request.
    INVALID_DEVICE_REQUEST = 0xC000_0010;
    /// Unspecified failure.
    UNSUCCESSFUL = 0xC000_0001;
    /// An argument is wrong; from `NmrWaitFor*`: never deregistered, or not a handle.
    INVALID_PARAMETER = 0xC000_000D;
    /// The device or service is not in a state to do this now.
    INVALID_DEVICE_STATE = 0xC000_0184;
    /// No memory, or a fixed capacity is exhausted.
    INSUFFICIENT_RESOURCES = 0xC000_009A;
    /// A service that this call needs is not attached, or going.
    DEVICE_NOT_READY = 0xC000_00A3;
    /// The request is not supported.
    NOT_SUPPORTED = 0xC000_00BB;
    /// The revision of a table or structure is not known here.
    REVISION_MISMATCH = 0xC000_0059;
    /// Too late: a deletion is under way.
    DELETE_PENDING = 0xC000_0056;
    /// The attachment is declined.
    NOINTERFACE = 0xC000_02B9;
}

impl Status {
    /// `NT_SUCCESS`: success or informational severity. [`Status::PENDING`] is a success.
    pub const fn is_success(self) -> bool {
        self.0 >= 0
    }

    /// `NT_ERROR`: both severity bits are set.
    pub const fn is_error(self) -> bool {
        (self.0 as u32) >> 30 == 3
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "STATUS_{name}"),
            None => write!(f, "NTSTATUS {:#010x}", self.0 as u32),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::Status;
    use std::string::ToString;

    #[test]
    fn severity_is_in_the_top_bits() {
        assert!(Status::SUCCESS.is_success() && Status::PENDING.is_success());
        assert!(!Status::NOINTERFACE.is_success() && Status::NOINTERFACE.is_error());
        let warning = Status(0x8000_0005_u32 as i32);
        assert!(!warning.is_success() && !warning.is_error());
    }

    #[test]
    fn unknown_codes_are_printed_as_numbers() {
        assert_eq!(Status::PENDING.to_string(), "STATUS_PENDING");
        assert_eq!(Status(0xC000_1234_u32 as i32).to_string(), "NTSTATUS 0xc0001234");
    }
}
