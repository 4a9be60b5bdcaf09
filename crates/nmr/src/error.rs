//! Failures: what a call into a peer or into NMR came back with, and why an attachment is declined.

use core::fmt;
use nmr_abi::Status;

/// The result of a call into a peer or into the framework.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// An `NTSTATUS` of error severity. It can hold no success code, so a failure can never be taken for a success.
///
/// # Invariants
/// Both severity bits of the status are set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(Status);

impl Error {
    /// STATUS_UNSUCCESSFUL.
    pub const UNSUCCESSFUL: Self = Self(Status::UNSUCCESSFUL);
    /// STATUS_INVALID_PARAMETER.
    pub const INVALID_PARAMETER: Self = Self(Status::INVALID_PARAMETER);
    /// STATUS_INVALID_DEVICE_STATE.
    pub const INVALID_DEVICE_STATE: Self = Self(Status::INVALID_DEVICE_STATE);
    /// STATUS_INSUFFICIENT_RESOURCES.
    pub const INSUFFICIENT_RESOURCES: Self = Self(Status::INSUFFICIENT_RESOURCES);
    /// STATUS_DEVICE_NOT_READY: what a call is answered whose way leads through a peer that is not attached.
    pub const DEVICE_NOT_READY: Self = Self(Status::DEVICE_NOT_READY);
    /// STATUS_NOT_SUPPORTED.
    pub const NOT_SUPPORTED: Self = Self(Status::NOT_SUPPORTED);
    /// STATUS_NOINTERFACE.
    pub const NOINTERFACE: Self = Self(Status::NOINTERFACE);

    /// The failure `status`, or, if it is not of error severity, STATUS_UNSUCCESSFUL.
    pub const fn from_status(status: Status) -> Self {
        if status.is_error() { Self(status) } else { Self::UNSUCCESSFUL }
    }

    /// The failure as NMR and C peers see it.
    pub const fn status(self) -> Status {
        self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}

/// Why an attachment is declined: the status that NMR gets, and a reason for the log.
///
/// ```
/// use nmr::{Error, Refusal};
/// let plain = Refusal::because("only the in-box provider will do");
/// assert_eq!(plain.error(), Error::NOINTERFACE);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    error: Error,
    reason: &'static str,
}

impl Refusal {
    /// Declines with STATUS_NOINTERFACE, the documented answer.
    pub const fn because(reason: &'static str) -> Self {
        Self { error: Error::NOINTERFACE, reason }
    }

    /// Declines with another failure.
    pub const fn with(error: Error, reason: &'static str) -> Self {
        Self { error, reason }
    }

    /// The failure that NMR is answered.
    pub const fn error(self) -> Error {
        self.error
    }

    /// The reason that the log gives.
    pub const fn reason(self) -> &'static str {
        self.reason
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, reason: "the driver's attach decision failed" }
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Status};

    #[test]
    fn an_error_holds_no_success() {
        for status in [Status::SUCCESS, Status::PENDING, Status(0x4000_0000), Status(0x8000_0005_u32 as i32)]
        {
            assert_eq!(Error::from_status(status), Error::UNSUCCESSFUL);
        }
        assert_eq!(Error::from_status(Status::NOINTERFACE).status(), Status::NOINTERFACE);
    }
}
