//! The certificate stores of the local machine.
#![expect(unsafe_code, reason = "calls the certificate functions of crypt32")]

use std::ffi::c_void;
use std::ptr;

use windows_sys::Win32::Security::Cryptography::{
    CERT_CONTEXT, CERT_FIND_EXISTING, CERT_STORE_ADD_USE_EXISTING, CERT_STORE_CTRL_COMMIT,
    CERT_STORE_PROV_SYSTEM_W, CERT_SYSTEM_STORE_LOCAL_MACHINE, CertAddEncodedCertificateToStore,
    CertCloseStore, CertControlStore, CertCreateCertificateContext, CertDeleteCertificateFromStore,
    CertFindCertificateInStore, CertFreeCertificateContext, CertOpenStore, HCERTSTORE, PKCS_7_ASN_ENCODING,
    X509_ASN_ENCODING,
};

use super::{error, wide};
use crate::failure::Win32Error;
use crate::machine::Store;

const ENCODING: u32 = X509_ASN_ENCODING | PKCS_7_ASN_ENCODING;
const CRYPT_E_NOT_FOUND: u32 = 0x8009_2004;
const ERROR_NOT_SUPPORTED: u32 = 50;
const ERROR_CALL_NOT_IMPLEMENTED: u32 = 120;

/// An open store.
///
/// # Invariants
/// The handle is valid, open, and closed by nobody else.
struct OpenStore(HCERTSTORE);

impl OpenStore {
    fn new(store: Store) -> Result<Self, Win32Error> {
        let name = wide::from_text(store.name());
        let name: *const c_void = name.as_ptr().cast();
        // SAFETY: this provider reads the parameter as a name that ends with a zero, which `name` does; it outlives
        // the call.
        let handle =
            unsafe { CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_LOCAL_MACHINE, name) };
        // INVARIANT: the function returns a new handle that is ours to close, or NULL.
        if handle.is_null() { Err(error::last()) } else { Ok(Self(handle)) }
    }

    /// The entry equal to `certificate`, or `None`.
    fn find(&self, certificate: &Certificate) -> Result<Option<Certificate>, Win32Error> {
        let wanted: *const c_void = certificate.0.cast_const().cast();
        // SAFETY: store and certificate are open by their types' invariants; CERT_FIND_EXISTING takes a certificate
        // context; the search starts anew.
        let found = unsafe {
            CertFindCertificateInStore(self.0, ENCODING, 0, CERT_FIND_EXISTING, wanted, ptr::null())
        };
        match Certificate::owning(found) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.number == CRYPT_E_NOT_FOUND => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has every change written where the next one who opens the store reads it. Closing the store does so as well, but
    /// only with the last reference to it, of which a deletion may leave one behind (Wine's does). Stores that write
    /// each change at once need not know the word.
    fn commit(&self) -> Result<(), Win32Error> {
        // SAFETY: the store is open by the type's invariant; this control takes no parameter.
        let committed =
            error::check(unsafe { CertControlStore(self.0, 0, CERT_STORE_CTRL_COMMIT, ptr::null()) });
        committed.or_else(|error| match error.number {
            ERROR_NOT_SUPPORTED | ERROR_CALL_NOT_IMPLEMENTED => Ok(()),
            _ => Err(error),
        })
    }
}

impl Drop for OpenStore {
    fn drop(&mut self) {
        // SAFETY: open and ours by the type's invariant.
        unsafe { CertCloseStore(self.0, 0) };
    }
}

/// A certificate context.
///
/// # Invariants
/// The context is valid and one reference to it is ours.
struct Certificate(*mut CERT_CONTEXT);

impl Certificate {
    fn decode(der: &[u8]) -> Result<Self, Win32Error> {
        // SAFETY: pointer and length describe one readable slice; the function copies it.
        Self::owning(unsafe { CertCreateCertificateContext(ENCODING, der.as_ptr(), length(der)) })
    }

    fn owning(context: *mut CERT_CONTEXT) -> Result<Self, Win32Error> {
        // INVARIANT: the functions above return a context with a reference for us, or NULL.
        if context.is_null() { Err(error::last()) } else { Ok(Self(context)) }
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        // SAFETY: one reference is ours by the type's invariant.
        unsafe { CertFreeCertificateContext(self.0) };
    }
}

fn length(der: &[u8]) -> u32 {
    u32::try_from(der.len()).unwrap_or(u32::MAX)
}

/// Whether the certificate is in `store`. Stores look by issuer and serial number and compare the whole.
pub(super) fn has(store: Store, der: &[u8]) -> Result<bool, Win32Error> {
    Ok(OpenStore::new(store)?.find(&Certificate::decode(der)?)?.is_some())
}

/// Adds the certificate to `store`, unless it is there.
pub(super) fn add(store: Store, der: &[u8]) -> Result<(), Win32Error> {
    let store = OpenStore::new(store)?;
    let disposition = CERT_STORE_ADD_USE_EXISTING;
    // SAFETY: the store is open; pointer and length describe one readable slice; no context is asked back.
    error::check(unsafe {
        CertAddEncodedCertificateToStore(
            store.0,
            ENCODING,
            der.as_ptr(),
            length(der),
            disposition,
            ptr::null_mut(),
        )
    })?;
    store.commit()
}

/// Removes the certificate from `store`, if it is there.
pub(super) fn remove(store: Store, der: &[u8]) -> Result<(), Win32Error> {
    let store = OpenStore::new(store)?;
    let Some(found) = store.find(&Certificate::decode(der)?)? else { return Ok(()) };
    let context = found.0.cast_const();
    // The deletion consumes our reference, also when it fails.
    std::mem::forget(found);
    // SAFETY: the context is valid and its reference is given away here.
    error::check(unsafe { CertDeleteCertificateFromStore(context) })?;
    store.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_an_error_and_not_merely_absent() {
        assert!(has(Store::Root, b"no certificate").is_err());
    }
}
