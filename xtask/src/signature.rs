//! Signatures as Windows expects them on images and catalogs, and one over the manifest: CMS `SignedData` with one signer
//! and one certificate. Only the RSA signature itself is free; everything else follows from what is signed, so that
//! checking can demand each byte.

mod content;
mod set_order;
mod verify;

use anyhow::{Context as _, Result};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{CertificateSet, SignedData, SignerIdentifier, SignerInfo, SignerInfos};
use const_oid::db::rfc5911::ID_SIGNED_DATA;
use const_oid::db::rfc5912::{ID_SHA_256, RSA_ENCRYPTION};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Encode as _};
use spki::AlgorithmIdentifierOwned;

use crate::certificate::Certificate;
use crate::signer::Signer;

pub(crate) use content::{Content, SPC_INDIRECT_DATA, spc_indirect_data};
pub(crate) use verify::{embedded, verify};

/// Signs `content`; the result is a `ContentInfo` in DER.
pub(crate) fn sign(content: &Content<'_>, signer: &Signer) -> Result<Vec<u8>> {
    let signature = signer.sign(&content.signed_attributes()?.to_der()?)?;
    assemble(content, &signer.certificate, &signature)
}

/// The one `SignedData` there can be for `content`, `certificate` and the RSA signature `signature`.
fn assemble(content: &Content<'_>, certificate: &Certificate, signature: &[u8]) -> Result<Vec<u8>> {
    let fields = &certificate.parsed.tbs_certificate;
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: fields.issuer.clone(),
            serial_number: fields.serial_number.clone(),
        }),
        digest_alg: algorithm(ID_SHA_256),
        signed_attrs: Some(content.signed_attributes()?),
        signature_algorithm: algorithm(RSA_ENCRYPTION),
        signature: OctetString::new(signature)?,
        unsigned_attrs: None,
    };
    let certificates = vec![CertificateChoices::Certificate(certificate.parsed.clone())];
    let signed_data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(ID_SHA_256)])?,
        encap_content_info: content.encapsulated()?,
        certificates: Some(CertificateSet(SetOfVec::try_from(certificates)?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info])?),
    };
    let info = ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed_data)? };
    info.to_der().context("the signature could not be encoded")
}

/// An algorithm with NULL parameters, as Windows writes them.
pub(crate) fn algorithm(oid: der::asn1::ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters: Some(Any::null()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;
    use crate::signer::samples;

    #[test]
    fn signatures_are_canonical_and_repeatable() {
        let content = Content::detached(b"text");
        let first = sign(&content, samples::signer()).unwrap();
        assert_eq!(canonical::check(&first), Ok(()));
        assert_eq!(sign(&content, samples::signer()).unwrap(), first);
    }
}
