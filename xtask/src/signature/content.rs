//! What a signature vouches for, and the attributes that say so.

use anyhow::{Context as _, Result, ensure};
use cms::signed_data::EncapsulatedContentInfo;
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST};
use const_oid::db::rfc5912::{ID_SHA_1, ID_SHA_256};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode as _, Encode as _, Sequence};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::{Attribute, Attributes};

use super::algorithm;
use crate::digest::Algorithm;
use crate::pe::Image;

/// SpcIndirectDataContent: the content type of signatures on images.
pub(crate) const SPC_INDIRECT_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.4");
/// The content type of catalogs.
pub(crate) const CERTIFICATE_TRUST_LIST: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.1");
const SPC_STATEMENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.11");
const SPC_INDIVIDUAL_CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.21");
const SPC_OPUS_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.12");
const SPC_PE_IMAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.15");

/// SpcPeImageData in an embedded signature: no flags, and an empty file name.
const EMBEDDED_PE_IMAGE: [u8; 11] = [0x30, 0x09, 0x03, 0x01, 0x00, 0xA0, 0x04, 0xA2, 0x02, 0x80, 0x00];

/// What a signature vouches for.
#[derive(Clone, Debug)]
pub(crate) struct Content<'a> {
    kind: Kind<'a>,
}

#[derive(Clone, Debug)]
enum Kind<'a> {
    /// A SEQUENCE that the signature carries. Its contents are hashed without tag and length: Authenticode is older than
    /// CMS and follows PKCS #7 here.
    Embedded { content_type: ObjectIdentifier, sequence: Any },
    /// Bytes that lie elsewhere.
    Detached(&'a [u8]),
}

#[derive(Sequence)]
struct SpcIndirectData {
    data: SpcTypeAndValue,
    digest: DigestInfo,
}

#[derive(Sequence)]
struct SpcTypeAndValue {
    kind: ObjectIdentifier,
    value: Any,
}

#[derive(Sequence)]
struct DigestInfo {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// SpcIndirectDataContent: `kind` says what was hashed, `value` (DER) how, and `hash` by which function.
pub(crate) fn spc_indirect_data(
    kind: ObjectIdentifier,
    value: &[u8],
    hash: Algorithm,
    digest: &[u8],
) -> Result<Any> {
    let hash = match hash {
        Algorithm::Sha1 => ID_SHA_1,
        Algorithm::Sha256 => ID_SHA_256,
    };
    let digest = DigestInfo { algorithm: algorithm(hash), digest: OctetString::new(digest)? };
    let data = SpcTypeAndValue { kind, value: Any::from_der(value)? };
    Ok(Any::encode_from(&SpcIndirectData { data, digest })?)
}

/// The digest of an image that `sequence`, a SpcIndirectDataContent, carries: by which function, and its value.
pub(crate) fn image_digest(sequence: &[u8]) -> Result<(ObjectIdentifier, Vec<u8>)> {
    let read = SpcIndirectData::from_der(sequence).context("its content is no digest of a file")?;
    ensure!(read.data.kind == SPC_PE_IMAGE, "it is a digest of the kind {}, not of an image", read.data.kind);
    Ok((read.digest.algorithm.oid, read.digest.digest.into_bytes()))
}

impl<'a> Content<'a> {
    /// An image.
    pub(crate) fn image(image: &Image<'_>) -> Result<Self> {
        let digest = image.digest(Algorithm::Sha256);
        let sequence = spc_indirect_data(SPC_PE_IMAGE, &EMBEDDED_PE_IMAGE, Algorithm::Sha256, &digest)?;
        Ok(Self { kind: Kind::Embedded { content_type: SPC_INDIRECT_DATA, sequence } })
    }

    /// A catalog's list of files, in DER.
    pub(crate) fn catalog(list: &[u8]) -> Result<Self> {
        let sequence = Any::from_der(list)?;
        Ok(Self { kind: Kind::Embedded { content_type: CERTIFICATE_TRUST_LIST, sequence } })
    }

    /// Bytes that stay outside of the signature.
    pub(crate) fn detached(bytes: &'a [u8]) -> Self {
        Self { kind: Kind::Detached(bytes) }
    }

    pub(super) fn content_type(&self) -> ObjectIdentifier {
        match &self.kind {
            Kind::Embedded { content_type, .. } => *content_type,
            Kind::Detached(_) => ID_DATA,
        }
    }

    pub(super) fn encapsulated(&self) -> Result<EncapsulatedContentInfo> {
        let econtent = match &self.kind {
            Kind::Embedded { sequence, .. } => Some(sequence.clone()),
            Kind::Detached(_) => None,
        };
        Ok(EncapsulatedContentInfo { econtent_type: self.content_type(), econtent })
    }

    /// The SHA-256 that stands in the signature.
    pub(super) fn message_digest(&self) -> Vec<u8> {
        Algorithm::Sha256.of(match &self.kind {
            Kind::Embedded { sequence, .. } => sequence.value(),
            Kind::Detached(bytes) => bytes,
        })
    }

    /// The attributes the RSA signature is made over.
    pub(super) fn signed_attributes(&self) -> Result<Attributes> {
        let mut attributes = vec![
            attribute(ID_CONTENT_TYPE, Any::encode_from(&self.content_type())?)?,
            attribute(ID_MESSAGE_DIGEST, Any::encode_from(&OctetString::new(self.message_digest())?)?)?,
        ];
        if matches!(self.kind, Kind::Embedded { .. }) {
            let statement = Any::encode_from(&vec![SPC_INDIVIDUAL_CODE_SIGNING])?;
            attributes.push(attribute(SPC_STATEMENT_TYPE, statement)?);
            attributes.push(attribute(SPC_OPUS_INFO, Any::from_der(&Vec::<Any>::new().to_der()?)?)?);
        }
        Ok(SetOfVec::try_from(attributes)?)
    }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}
