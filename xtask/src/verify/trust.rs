//! Whether a certificate leads to a root that the user gave, at the time when it signed.

use std::time::SystemTime;

use crate::certificate::{Certificate, Purpose, leads_to};
use crate::signature::general;

/// The time for which the certificate behind the signature `der` is judged: that of its timestamp, if the authority that
/// gave it leads to one of `roots`, else `now`. Without roots nobody asks whom to trust, and the timestamp is taken at its
/// word as the signature is.
pub(super) fn time_of(der: &[u8], roots: &[Certificate], now: SystemTime) -> Result<SystemTime, String> {
    match general::timestamp_in(der)? {
        Some((time, by))
            if roots.is_empty()
                || leads_to(&by.certificate, &by.others, roots, Purpose::Timestamps, time).is_ok() =>
        {
            Ok(time)
        }
        _ => Ok(now),
    }
}

/// Checks that `certificate`, which made the signature `der`, leads to one of `roots`.
pub(super) fn check(
    der: &[u8],
    certificate: &Certificate,
    roots: &[Certificate],
    at: SystemTime,
) -> Result<(), String> {
    leads_to(certificate, &general::certificates_in(der)?, roots, Purpose::Drivers, at)
}
