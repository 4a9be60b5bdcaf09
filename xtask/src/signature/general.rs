//! Signatures that somebody else made: any signer, any certificates beside it. What they say must follow from their
//! content all the same; only the form is free where the standard leaves it free.

use std::time::SystemTime;

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use const_oid::db::rfc5912::{
    ID_MD_5, ID_SHA_1, ID_SHA_256, ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION,
    SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Any, Decode as _, Encode as _};

use super::set_order;
use super::timestamp::{self, TIMESTAMP};
use crate::canonical::{self, contents};
use crate::certificate::Certificate;
use crate::digest::hash_by_name;

/// More is not read.
const LARGEST: usize = 16 << 20;
/// Signatures of today carry up to five certificates. Each that is looked at costs arithmetic.
const MOST_CERTIFICATES: usize = 32;

/// What a `ContentInfo` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A signature on an image or a catalog: Windows demands that its sets are in order.
    Signature,
    /// A timestamp: authorities write their certificates in any order, and Windows takes them so.
    Token,
}

/// A signature whose arithmetic is right.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// The signer's certificate. Nothing is known about it but that its key made the signature.
    pub(crate) certificate: Certificate,
    /// The other certificates in the signature.
    pub(crate) others: Vec<Certificate>,
}

/// The kind of the content of `der`, a `ContentInfo`, and the content in DER.
pub(crate) fn content(der: &[u8], form: Form) -> Result<(ObjectIdentifier, Vec<u8>), String> {
    let signed_data = read(der, form)?;
    let content = signed_data.encap_content_info.econtent.ok_or("it carries no content")?;
    let content = content.to_der().map_err(|error| format!("its content cannot be read: {error}"))?;
    Ok((signed_data.encap_content_info.econtent_type, content))
}

/// The certificates that lie in `der`, a `ContentInfo`.
pub(crate) fn certificates_in(der: &[u8]) -> Result<Vec<Certificate>, String> {
    certificates(&read(der, Form::Signature)?)
}

/// The timestamp of the only signer of `der`, a `ContentInfo`: when, and by whom. The signature itself is the caller's to
/// judge.
pub(crate) fn timestamp_in(der: &[u8]) -> Result<Option<(SystemTime, Signed)>, String> {
    let signed_data = read(der, Form::Signature)?;
    let [signer] = signed_data.signer_infos.0.as_slice() else { return Ok(None) };
    let token = timestamp_of(signer)?;
    token.map(|token| timestamp::check(&token, signer.signature.as_bytes())).transpose()
}

/// Checks that the only signer of `der` has signed the content that it carries.
pub(crate) fn examine(der: &[u8], form: Form) -> Result<Signed, String> {
    let signed_data = read(der, form)?;
    let content = signed_data.encap_content_info.econtent.as_ref().ok_or("it carries no content")?;
    let [signer] = signed_data.signer_infos.0.as_slice() else {
        return Err(match signed_data.signer_infos.0.len() {
            0 => "nobody has signed it".to_owned(),
            count => format!("it has {count} signers, expected one"),
        });
    };
    let mut others = certificates(&signed_data)?;
    let at = others.iter().position(|certificate| is_of(signer, certificate));
    let certificate = others.remove(at.ok_or("the certificate of its signer is not in it")?);
    let encoded = content.to_der().map_err(|error| error.to_string())?;
    // Authenticode hashes the contents of its SEQUENCE, a timestamp those of its OCTET STRING: without tag and length.
    check_names(&signed_data, signer)?;
    check_attributes(signer, signed_data.encap_content_info.econtent_type, contents(&encoded))?;
    let attributes = signer.signed_attrs.to_der().map_err(|error| error.to_string())?;
    if !certificate.verifies_with(signer.digest_alg.oid, &attributes, signer.signature.as_bytes()) {
        return Err(format!("the signature is not one of {}", certificate.subject()));
    }
    Ok(Signed { certificate, others })
}

fn read(der: &[u8], form: Form) -> Result<SignedData, String> {
    if der.len() > LARGEST {
        return Err(format!("it has {} bytes, more than {LARGEST} are not read", der.len()));
    }
    canonical::check(der).map_err(|fault| fault.to_string())?;
    if form == Form::Signature {
        set_order::check(der).map_err(|fault| fault.to_string())?;
    }
    let unreadable = |error: der::Error| format!("it is not signed data: {error}");
    let plain;
    let der = match form {
        Form::Signature => der,
        Form::Token => {
            plain = without_attribute_certificates(der);
            &plain
        }
    };
    let info = ContentInfo::from_der(der).map_err(unreadable)?;
    if info.content_type != ID_SIGNED_DATA {
        return Err(format!("content type is {}, expected signed data", info.content_type));
    }
    info.content.decode_as().map_err(unreadable)
}

/// The token `der` without what stands among its certificates and is none: Microsoft's authority puts an attribute
/// certificate of an obsolete form there. Nothing signed is left out.
fn without_attribute_certificates(der: &[u8]) -> Vec<u8> {
    const SEQUENCE: u8 = 0x30;
    const CERTIFICATES: u8 = 0xA0;
    let parts: Vec<&[u8]> = canonical::children(der).collect();
    let [kind, explicit] = parts[..] else { return der.to_vec() };
    let Some(signed_data) = canonical::children(explicit).next() else { return der.to_vec() };
    let kept = canonical::children(signed_data).map(|part| match part[0] {
        CERTIFICATES => {
            let plain = canonical::children(part).filter(|choice| choice[0] == SEQUENCE);
            canonical::element(CERTIFICATES, &plain.collect::<Vec<_>>().concat())
        }
        _ => part.to_vec(),
    });
    let signed_data = canonical::element(signed_data[0], &kept.collect::<Vec<_>>().concat());
    let explicit = canonical::element(explicit[0], &signed_data);
    canonical::element(der[0], &[kind, &explicit].concat())
}

/// Whether the only signer of `der` used a digest that vouches for nothing any more.
pub(crate) fn is_outdated(der: &[u8]) -> bool {
    let signed_data = read(der, Form::Signature);
    signed_data.is_ok_and(|signed_data| match signed_data.signer_infos.0.as_slice() {
        [signer] => [ID_MD_5, ID_SHA_1].contains(&signer.digest_alg.oid),
        _ => false,
    })
}

pub(super) fn certificates(signed_data: &SignedData) -> Result<Vec<Certificate>, String> {
    let set = signed_data.certificates.as_ref().map(|set| set.0.as_slice()).unwrap_or_default();
    let one = |choice: &CertificateChoices| {
        let der = choice.to_der().map_err(|error| error.to_string())?;
        Certificate::from_der(&der).map_err(|error| format!("a certificate in it: {error:#}"))
    };
    if set.len() > MOST_CERTIFICATES {
        return Err(format!(
            "it carries {} certificates, more than {MOST_CERTIFICATES} are not read",
            set.len()
        ));
    }
    set.iter().map(one).collect()
}

fn is_of(signer: &SignerInfo, certificate: &Certificate) -> bool {
    let fields = &certificate.parsed.tbs_certificate;
    match &signer.sid {
        SignerIdentifier::IssuerAndSerialNumber(id) => {
            id.issuer == fields.issuer && id.serial_number == fields.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(_) => false,
    }
}

/// What names versions and algorithms is not signed: it must say what is known otherwise.
fn check_names(signed_data: &SignedData, signer: &SignerInfo) -> Result<(), String> {
    let digests = signed_data.digest_algorithms.as_slice();
    if digests != [signer.digest_alg.clone()] {
        return Err("its list of digest algorithms is not that of its signer".to_owned());
    }
    let known = [
        RSA_ENCRYPTION,
        SHA_256_WITH_RSA_ENCRYPTION,
        SHA_384_WITH_RSA_ENCRYPTION,
        SHA_512_WITH_RSA_ENCRYPTION,
    ];
    let parameters = signer.signature_algorithm.parameters.as_ref();
    if !known.contains(&signer.signature_algorithm.oid) || parameters.is_some_and(|any| !any.is_null()) {
        return Err(format!("its signature is of the kind {}, expected RSA", signer.signature_algorithm.oid));
    }
    let right = signer.version == CmsVersion::V1
        && [CmsVersion::V1, CmsVersion::V3].contains(&signed_data.version)
        && signed_data.crls.is_none();
    if right { Ok(()) } else { Err("its versions are not those of one signer by name and number".to_owned()) }
}

fn check_attributes(signer: &SignerInfo, kind: ObjectIdentifier, hashed: &[u8]) -> Result<(), String> {
    if ![ID_SHA_256, ID_SHA_384, ID_SHA_512].contains(&signer.digest_alg.oid) {
        return Err(format!(
            "its digest is of the kind {}, which Windows no longer takes",
            signer.digest_alg.oid
        ));
    }
    let value = |oid: ObjectIdentifier| -> Option<&Any> {
        let mut matching = signer.signed_attrs.as_ref()?.iter().filter(|attribute| attribute.oid == oid);
        let attribute = matching.next().filter(|_| matching.next().is_none())?;
        if attribute.values.len() == 1 { attribute.values.get(0) } else { None }
    };
    let found = value(ID_CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    if found != Some(kind) {
        return Err("the signed attribute contentType is missing or wrong".to_owned());
    }
    let digest = value(ID_MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetStringRef<'_>>().ok());
    if digest.map(|digest| digest.as_bytes().to_vec()) != hash_by_name(signer.digest_alg.oid, hashed) {
        return Err("messageDigest is not that of the content".to_owned());
    }
    Ok(())
}

/// The timestamp among the attributes that are not signed.
pub(super) fn timestamp_of(signer: &SignerInfo) -> Result<Option<Vec<u8>>, String> {
    let attributes = signer.unsigned_attrs.as_ref();
    let Some(attribute) = attributes.and_then(|all| all.iter().find(|attribute| attribute.oid == TIMESTAMP))
    else {
        return Ok(None);
    };
    match attribute.values.as_slice() {
        [token] => token.to_der().map(Some).map_err(|error| error.to_string()),
        _ => Err("it has several timestamps in one attribute".to_owned()),
    }
}
