//! Signatures as Windows expects them on images and catalogs, and one over the manifest: CMS `SignedData` with one signer,
//! its certificate and those that lead from it to a root, and a timestamp if there is one. Only the RSA signature and the
//! timestamp are free; everything else follows from what is signed, so that checking can demand each byte. `general` reads
//! what others signed.

mod content;
pub(crate) mod general;
mod set_order;
pub(crate) mod timestamp;
mod verify;

use anyhow::{Context as _, Result};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{CertificateSet, SignedData, SignerIdentifier, SignerInfo, SignerInfos};
use const_oid::db::rfc5911::ID_SIGNED_DATA;
use const_oid::db::rfc5912::{ID_SHA_256, RSA_ENCRYPTION};
use der::asn1::{OctetString, SetOfVec};
use der::{Any, Decode as _, Encode as _};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::{Attribute, Attributes};

use crate::certificate::Certificate;
use crate::signer::Signer;

pub(crate) use content::{
    CERTIFICATE_TRUST_LIST, Content, SPC_INDIRECT_DATA, image_digest, spc_indirect_data,
};
pub(crate) use verify::{embedded, verify};

/// Signs `content`; the result is a `ContentInfo` in DER.
pub(crate) fn sign(content: &Content<'_>, signer: &Signer) -> Result<Vec<u8>> {
    let signature = signer.sign(&content.signed_attributes()?.to_der()?)?;
    let timestamp = signer.timestamp(&signature)?;
    let beside = Beside { chain: &signer.chain, timestamp: timestamp.as_deref() };
    assemble(content, &signer.certificate, &signature, beside)
}

/// What lies beside a signature and is not signed.
#[derive(Clone, Copy, Debug, Default)]
struct Beside<'a> {
    /// Certificates that lead from the signer's to a root.
    chain: &'a [Certificate],
    /// A token in DER.
    timestamp: Option<&'a [u8]>,
}

/// `content` in the form of a signature that nobody has made yet, as `Inf2Cat` leaves a catalog; a `ContentInfo` in DER.
pub(crate) fn unsigned(content: &Content<'_>) -> Result<Vec<u8>> {
    let signed_data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::new(),
        encap_content_info: content.encapsulated()?,
        certificates: None,
        crls: None,
        signer_infos: SignerInfos(SetOfVec::new()),
    };
    let info = ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&signed_data)? };
    info.to_der().context("the content could not be encoded")
}

/// The one `SignedData` there can be for `content`, `certificate`, the RSA signature `signature` and what is `beside` it.
fn assemble(
    content: &Content<'_>,
    certificate: &Certificate,
    signature: &[u8],
    beside: Beside<'_>,
) -> Result<Vec<u8>> {
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
        unsigned_attrs: beside.timestamp.map(timestamp_attribute).transpose()?,
    };
    let certificates: Vec<CertificateChoices> = std::iter::once(certificate)
        .chain(beside.chain)
        .map(|certificate| CertificateChoices::Certificate(certificate.parsed.clone()))
        .collect();
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

fn timestamp_attribute(token: &[u8]) -> Result<Attributes> {
    let values = SetOfVec::try_from(vec![Any::from_der(token)?])?;
    Ok(SetOfVec::try_from(vec![Attribute { oid: timestamp::TIMESTAMP, values }])?)
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
