//! A timestamp authority for tests: it answers requests, over HTTP if it is asked that way.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::db::rfc5911::{ID_CONTENT_TYPE, ID_MESSAGE_DIGEST, ID_SIGNED_DATA};
use der::asn1::SetOfVec;
use der::{Any, SecretDocument};
use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use x509_cert::attr::Attribute;

use super::*;
use crate::certificate::samples::{Issued, issue};

/// The time that the authority tells: the first of January 2026.
pub(crate) const TIME: u64 = 1_767_225_600;

/// The certificate and key of an authority.
pub(crate) fn authority() -> Issued {
    issue("timestamps", None, |params| {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::TimeStamping];
    })
}

/// What an authority answers.
pub(crate) struct Answer {
    pub(crate) status: u8,
    pub(crate) digest: Vec<u8>,
    pub(crate) nonce: Vec<u8>,
}

impl Answer {
    /// The right answer to `request`.
    pub(crate) fn to(request: &[u8]) -> Self {
        let request = Request::from_der(request).unwrap();
        let nonce = request.nonce.as_bytes().to_vec();
        Self { status: 0, digest: request.imprint.digest.into_bytes(), nonce }
    }

    /// The TimeStampResp, signed by `by`.
    pub(crate) fn der(&self, by: &Issued) -> Vec<u8> {
        let status = element(0x30, &[&element(0x02, &[&[self.status]])]);
        element(0x30, &[&status, &self.token(by)])
    }

    fn token(&self, by: &Issued) -> Vec<u8> {
        let imprint = MessageImprint {
            algorithm: algorithm(ID_SHA_256),
            digest: OctetString::new(self.digest.clone()).unwrap(),
        };
        let policy = ObjectIdentifier::new_unwrap("1.2.3.4").to_der().unwrap();
        let info = element(
            0x30,
            &[
                &element(0x02, &[&[1]]),
                &policy,
                &imprint.to_der().unwrap(),
                &element(0x02, &[&[5]]),
                &element(0x18, &[b"20260101000000Z"]),
                &element(0x02, &[&self.nonce]),
            ],
        );
        signed(&info, by)
    }
}

fn signed(info: &[u8], by: &Issued) -> Vec<u8> {
    let attribute = |oid, value: Any| Attribute { oid, values: SetOfVec::try_from(vec![value]).unwrap() };
    let digest = OctetString::new(Algorithm::Sha256.of(info)).unwrap();
    let attributes = SetOfVec::try_from(vec![
        attribute(ID_CONTENT_TYPE, Any::encode_from(&ID_CT_TST_INFO).unwrap()),
        attribute(ID_MESSAGE_DIGEST, Any::encode_from(&digest).unwrap()),
    ])
    .unwrap();
    let (_, key) = SecretDocument::from_pem(&by.key_pem).unwrap();
    let key = KeyPair::from_pkcs8(key.as_bytes()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &attributes.to_der().unwrap(), &mut signature).unwrap();
    let fields = &by.certificate.parsed.tbs_certificate;
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: fields.issuer.clone(),
            serial_number: fields.serial_number.clone(),
        }),
        digest_alg: algorithm(ID_SHA_256),
        signed_attrs: Some(attributes),
        signature_algorithm: algorithm(const_oid::db::rfc5912::RSA_ENCRYPTION),
        signature: OctetString::new(signature).unwrap(),
        unsigned_attrs: None,
    };
    let certificate = CertificateChoices::Certificate(by.certificate.parsed.clone());
    let signed_data = SignedData {
        version: CmsVersion::V3,
        digest_algorithms: SetOfVec::try_from(vec![algorithm(ID_SHA_256)]).unwrap(),
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: ID_CT_TST_INFO,
            econtent: Some(Any::encode_from(&OctetString::new(info).unwrap()).unwrap()),
        },
        certificates: Some(CertificateSet(SetOfVec::try_from(vec![certificate]).unwrap())),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer]).unwrap()),
    };
    let content = Any::encode_from(&signed_data).unwrap();
    ContentInfo { content_type: ID_SIGNED_DATA, content }.to_der().unwrap()
}

/// An element with these contents, one after the other.
fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    canonical::element(tag, &contents.concat())
}

/// Serves `count` requests on a port of this machine; answers its address. `kind` is the Content-Type of the answers.
pub(crate) fn serve(by: Issued, count: usize, kind: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().take(count) {
            let mut stream = stream.unwrap();
            let mut received = Vec::new();
            let mut buffer = [0; 4096];
            let body = loop {
                let read = stream.read(&mut buffer).unwrap();
                received.extend_from_slice(&buffer[..read]);
                let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
                    continue;
                };
                let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
                assert!(head.contains("content-type: application/timestamp-query"), "{head}");
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                let length: usize = length.trim().parse().unwrap();
                if received.len() >= end + 4 + length {
                    break received[end + 4..].to_vec();
                }
            };
            let answer = Answer::to(&body).der(&by);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                answer.len()
            );
            stream.write_all(&[head.as_bytes(), &answer].concat()).unwrap();
        }
    });
    url
}
