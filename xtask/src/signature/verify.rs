//! Checking a signature, with a reason for every refusal.

use anyhow::Result;
use cms::content_info::ContentInfo;
use cms::signed_data::{SignedData, SignerInfo};
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Any, Decode as _, Encode as _};

use super::content::Content;
use super::{Beside, assemble, general, set_order, timestamp};
use crate::canonical;
use crate::certificate::Certificate;
use crate::digest::hex;

/// Signatures of one certificate are small, catalogs of a driver as well. More is not read.
const LARGEST: usize = 16 << 20;

/// The content that the `ContentInfo` in `der` carries, as a DER SEQUENCE. Nothing is known about it yet.
pub(crate) fn embedded(der: &[u8]) -> Result<Vec<u8>, String> {
    let signed_data = read(der)?;
    let content = signed_data.encap_content_info.econtent.ok_or("it carries no content")?;
    content.to_der().map_err(|error| format!("its content cannot be read: {error}"))
}

/// Checks that `der` is the signature of `certificate` over `content`, in exactly the form we write. The error says what
/// differs, in the most telling way.
pub(crate) fn verify(der: &[u8], content: &Content<'_>, certificate: &Certificate) -> Result<(), String> {
    let signed_data = read(der)?;
    let found = signed_data.encap_content_info.econtent_type;
    if found != content.content_type() {
        return Err(format!("content type is {found}, expected {}", content.content_type()));
    }
    if content.encapsulated().map_err(|error| error.to_string())? != signed_data.encap_content_info {
        return Err("it was made for other content: the digest inside is not that of the file".to_owned());
    }
    let chain = check_certificates(&signed_data, certificate)?;
    let [signer] = signed_data.signer_infos.0.as_slice() else {
        return Err(format!("it has {} signers, expected one", signed_data.signer_infos.0.len()));
    };
    check_attributes(signer, content)?;
    let attributes = signer.signed_attrs.to_der().map_err(|error| error.to_string())?;
    if !certificate.verifies(&attributes, signer.signature.as_bytes()) {
        return Err("the RSA signature does not match the certificate's key".to_owned());
    }
    let timestamp = check_timestamp(signer)?;
    let beside = Beside { chain: &chain, timestamp: timestamp.as_deref() };
    let expected = assemble(content, certificate, signer.signature.as_bytes(), beside)
        .map_err(|error| error.to_string())?;
    match expected.iter().zip(der).position(|(expected, found)| expected != found) {
        None if expected.len() == der.len() => Ok(()),
        position => {
            let offset = position.unwrap_or(expected.len().min(der.len()));
            Err(format!("byte {offset} of the signature is not what signing this content writes"))
        }
    }
}

/// Reads `der` after checking that its encoding leaves no choice.
fn read(der: &[u8]) -> Result<SignedData, String> {
    if der.len() > LARGEST {
        return Err(format!("it has {} bytes, more than {LARGEST} are not read", der.len()));
    }
    canonical::check(der).map_err(|fault| fault.to_string())?;
    set_order::check(der).map_err(|fault| fault.to_string())?;
    let unreadable = |error: der::Error| format!("it is not signed data: {error}");
    let info = ContentInfo::from_der(der).map_err(unreadable)?;
    if info.content_type != ID_SIGNED_DATA {
        return Err(format!("content type is {}, expected signed data", info.content_type));
    }
    info.content.decode_as().map_err(unreadable)
}

/// The certificate must be there, and nothing but those that lead on from it; answers these.
fn check_certificates(
    signed_data: &SignedData,
    certificate: &Certificate,
) -> Result<Vec<Certificate>, String> {
    let mut strangers = general::certificates(signed_data)?;
    let Some(own) = strangers.iter().position(|found| found.der == certificate.der) else {
        return Err(format!("it carries another certificate than {}", certificate.subject()));
    };
    strangers.remove(own);
    let mut chain: Vec<Certificate> = Vec::new();
    let mut last = certificate;
    while let Some(at) = strangers.iter().position(|other| last.is_issued_by(other)) {
        chain.push(strangers.remove(at));
        last = chain.last().unwrap_or(certificate);
    }
    match strangers.first() {
        None => Ok(chain),
        Some(stranger) => Err(format!(
            "it carries the certificate {}, which its signer does not lead to",
            stranger.subject()
        )),
    }
}

/// The timestamp, if there is one; nothing else may lie beside the signature.
fn check_timestamp(signer: &SignerInfo) -> Result<Option<Vec<u8>>, String> {
    let token = general::timestamp_of(signer)?;
    if let Some(token) = &token {
        timestamp::check(token, signer.signature.as_bytes())
            .map_err(|what| format!("its timestamp: {what}"))?;
    }
    Ok(token)
}

fn check_attributes(signer: &SignerInfo, content: &Content<'_>) -> Result<(), String> {
    let value = |oid: ObjectIdentifier| -> Option<&Any> {
        let attributes = signer.signed_attrs.as_ref()?.iter();
        let mut matching = attributes.filter(|attribute| attribute.oid == oid);
        let attribute = matching.next().filter(|_| matching.next().is_none())?;
        if attribute.values.len() == 1 { attribute.values.get(0) } else { None }
    };
    let kind = value(ID_CONTENT_TYPE).and_then(|value| value.decode_as::<ObjectIdentifier>().ok());
    if kind != Some(content.content_type()) {
        return Err("the signed attribute contentType is missing or wrong".to_owned());
    }
    let digest = value(ID_MESSAGE_DIGEST).and_then(|value| value.decode_as::<OctetStringRef<'_>>().ok());
    let expected = content.message_digest();
    match digest.map(|digest| digest.as_bytes()) {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(format!("messageDigest is {}, the content's is {}", hex(found), hex(&expected))),
        None => Err("the signed attribute messageDigest is missing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use cms::cert::CertificateChoices;
    use der::asn1::SetOfVec;

    use super::*;
    use crate::pe::{self, Image};
    use crate::signature::sign;
    use crate::signer::samples;

    #[test]
    fn a_heap_of_certificates_is_not_read() {
        let mut signer = crate::signer::samples::with_timestamps(samples::pem().0, samples::pem().1, None);
        let other = |number: u8| {
            let mut certificate = signer.certificate.clone();
            certificate.parsed.tbs_certificate.serial_number =
                x509_cert::serial_number::SerialNumber::new(&[number]).unwrap();
            certificate
        };
        signer.chain = (1..=40).map(other).collect();
        let content = Content::detached(b"text");
        let der = sign(&content, &signer).unwrap();
        let error = verify(&der, &content, &signer.certificate).unwrap_err();
        assert!(error.contains("carries 41 certificates, more than 32"), "{error}");
    }

    #[test]
    fn a_signature_over_each_kind_of_content_is_accepted() {
        let signer = samples::signer();
        let bytes = pe::samples::image(0x8664, b"code");
        let contents = [
            Content::detached(b"text"),
            Content::image(&Image::parse(&bytes).unwrap()).unwrap(),
            Content::catalog(&[0x30, 3, 0x02, 1, 5]).unwrap(),
        ];
        for content in &contents {
            let der = sign(content, signer).unwrap();
            assert_eq!(verify(&der, content, &signer.certificate), Ok(()));
        }
    }

    #[test]
    fn each_changed_byte_is_refused() {
        let signer = samples::signer();
        let content = Content::catalog(&[0x30, 3, 0x02, 1, 5]).unwrap();
        let der = sign(&content, signer).unwrap();
        for at in 0..der.len() {
            for bit in [0x01, 0x80] {
                let mut changed = der.clone();
                changed[at] ^= bit;
                assert!(verify(&changed, &content, &signer.certificate).is_err(), "byte {at} ^ {bit:#x}");
            }
        }
    }

    #[test]
    fn other_content_and_other_certificates_are_told_apart() {
        let signer = samples::signer();
        let der = sign(&Content::detached(b"text"), signer).unwrap();
        let error = verify(&der, &Content::detached(b"texT"), &signer.certificate).unwrap_err();
        assert!(error.contains("messageDigest"), "{error}");
        let error =
            verify(&der, &Content::detached(b"text"), &samples::other_signer().certificate).unwrap_err();
        assert!(error.contains("another certificate"), "{error}");
    }

    /// Two certificates in the order given, written without sorting.
    fn with_certificates(der: &[u8], first: &[u8], second: &[u8]) -> Vec<u8> {
        let mut certificates = [first, second].concat();
        let info = ContentInfo::from_der(der).unwrap();
        let mut signed_data: SignedData = info.content.decode_as().unwrap();
        let parsed = [first, second].map(|der| CertificateChoices::from_der(der).unwrap());
        signed_data.certificates = Some(SetOfVec::try_from(parsed).unwrap().into());
        let sorted =
            ContentInfo { content: Any::encode_from(&signed_data).unwrap(), ..info }.to_der().unwrap();
        let at = sorted.windows(first.len()).position(|window| window == first).unwrap();
        let start = at.min(sorted.windows(second.len()).position(|window| window == second).unwrap());
        let mut bytes = sorted;
        bytes[start..start + certificates.len()].swap_with_slice(&mut certificates);
        bytes
    }

    #[test]
    fn certificates_out_of_order_are_refused_for_that_reason() {
        let (signer, other) = (samples::signer(), samples::other_signer());
        let content = Content::catalog(&[0x30, 3, 0x02, 1, 5]).unwrap();
        let der = sign(&content, signer).unwrap();
        let (mut low, mut high) = (&signer.certificate.der, &other.certificate.der);
        if low > high {
            std::mem::swap(&mut low, &mut high);
        }
        let sorted = verify(&with_certificates(&der, low, high), &content, &signer.certificate).unwrap_err();
        assert!(sorted.contains("which its signer does not lead to"), "{sorted}");
        let shuffled =
            verify(&with_certificates(&der, high, low), &content, &signer.certificate).unwrap_err();
        assert!(shuffled.contains("ascending order"), "{shuffled}");
    }
}
