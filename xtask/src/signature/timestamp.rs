//! Timestamps (RFC 3161): what an authority is asked, and what may be believed of its answer.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::{Int, ObjectIdentifier, OctetString};
use der::{DateTime, Decode as _, Encode as _, Sequence};
use spki::AlgorithmIdentifierOwned;

use super::algorithm;
use super::general::{self, Form};
use crate::canonical::{self, children, contents};
use crate::digest::{Algorithm, hex};

/// The kind of content that a token has.
const ID_CT_TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
/// The attribute of a signature that holds its timestamp, on images and catalogs.
pub(super) const TIMESTAMP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.3.3.1");

#[derive(Sequence)]
struct MessageImprint {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

#[derive(Sequence)]
struct Request {
    version: u8,
    imprint: MessageImprint,
    nonce: Int,
    certificates: bool,
}

/// What to send to an authority for `signature`: a TimeStampReq. The answer must have `nonce` in it.
pub(crate) fn request(signature: &[u8], nonce: u64) -> Result<Vec<u8>> {
    let imprint = MessageImprint {
        algorithm: algorithm(ID_SHA_256),
        digest: OctetString::new(Algorithm::Sha256.of(signature))?,
    };
    let request = Request { version: 1, imprint, nonce: Int::new(&nonce_bytes(nonce))?, certificates: true };
    request.to_der().context("the request for a timestamp could not be encoded")
}

/// The digits of a positive INTEGER.
fn nonce_bytes(nonce: u64) -> Vec<u8> {
    let all = [&[0][..], &nonce.to_be_bytes()].concat();
    let mut start = 0;
    while start + 1 < all.len() && all[start] == 0 && all[start + 1] < 0x80 {
        start += 1;
    }
    all[start..].to_vec()
}

/// The token in `answer`, a TimeStampResp, when it is one for `signature` and `nonce`.
pub(crate) fn token_in(answer: &[u8], signature: &[u8], nonce: u64) -> Result<Vec<u8>> {
    canonical::check(answer).context("its answer cannot go into a signature")?;
    let mut parts = children(answer);
    let status = parts.next().context("its answer is empty")?;
    // 0 is granted, 1 is granted with changes.
    match children(status).next().map(contents) {
        Some([0 | 1]) => {}
        Some(code) => bail!("it refuses: status {}{}", hex(code), refusal(status)),
        None => bail!("its answer has no status"),
    }
    let token = parts.next().context("its answer has no timestamp")?;
    let stamp = read(token)?;
    ensure!(
        stamp.nonce.as_deref() == Some(&nonce_bytes(nonce)[..]),
        "its answer is not one to this question"
    );
    check(token, signature).map_err(|what| anyhow!("its answer is not to be believed: {what}"))?;
    Ok(token.to_vec())
}

/// The text that goes with a refusal.
fn refusal(status: &[u8]) -> String {
    let texts = children(status).filter(|part| part[0] == 0x30).flat_map(children);
    texts.map(|text| format!(", {}", String::from_utf8_lossy(contents(text)))).collect()
}

/// What a token says.
struct Stamp {
    imprint: Vec<u8>,
    algorithm: ObjectIdentifier,
    time: SystemTime,
    nonce: Option<Vec<u8>>,
}

/// When the token says that `signature` was there, and who says so. The chain of that certificate to a root is the
/// caller's to judge.
pub(crate) fn check(token: &[u8], signature: &[u8]) -> Result<(SystemTime, general::Signed), String> {
    let stamp = read(token).map_err(|error| format!("{error:#}"))?;
    if stamp.algorithm != ID_SHA_256 {
        return Err(format!("its digest is of the kind {}, expected SHA-256", stamp.algorithm));
    }
    let expected = Algorithm::Sha256.of(signature);
    if stamp.imprint != expected {
        return Err("it is the timestamp of another signature".to_owned());
    }
    let signed = general::examine(token, Form::Token)?;
    let faults = signed.certificate.timestamp_faults(stamp.time);
    if !faults.is_empty() {
        return Err(format!(
            "the certificate {} is not fit: {}",
            signed.certificate.subject(),
            faults.join("; ")
        ));
    }
    Ok((stamp.time, signed))
}

/// The TSTInfo in a token.
fn read(token: &[u8]) -> Result<Stamp> {
    let (kind, content) =
        general::content(token, Form::Token).map_err(|what| anyhow!("the timestamp: {what}"))?;
    ensure!(kind == ID_CT_TST_INFO, "the timestamp is of another kind: {kind}");
    let info = contents(&content);
    canonical::check(info).context("the timestamp")?;
    let fields: Vec<&[u8]> = children(info).collect();
    let [version, _policy, imprint, _serial, time, rest @ ..] = fields.as_slice() else {
        bail!("the timestamp has too few fields");
    };
    ensure!(contents(version) == [1], "the timestamp is of another version than 1");
    let imprint = MessageImprint::from_der(imprint).context("the timestamp's digest")?;
    let nonce = rest.iter().find(|field| field[0] == 0x02).map(|field| contents(field).to_vec());
    Ok(Stamp {
        imprint: imprint.digest.into_bytes(),
        algorithm: imprint.algorithm.oid,
        time: generalized_time(time).context("the timestamp's time cannot be read")?,
        nonce,
    })
}

/// `yyyymmddhhmmss[.fraction]Z`; the fraction is dropped.
fn generalized_time(element: &[u8]) -> Option<SystemTime> {
    let text = str::from_utf8(contents(element)).ok().filter(|_| element[0] == 0x18)?;
    let text = text.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() != 14 || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| whole[from..to].parse::<u8>().ok();
    let year = whole[..4].parse().ok()?;
    let time =
        DateTime::new(year, number(4, 6)?, number(6, 8)?, number(8, 10)?, number(10, 12)?, number(12, 14)?)
            .ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.unix_duration().as_secs()))
}

#[cfg(test)]
pub(crate) mod samples;

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::certificate::samples::Issued;
    use crate::certificate::{Purpose, leads_to};

    static AUTHORITY: LazyLock<Issued> = LazyLock::new(samples::authority);

    fn answered(change: impl Fn(&mut samples::Answer)) -> Result<Vec<u8>> {
        let request = request(b"signature", 7).unwrap();
        let mut answer = samples::Answer::to(&request);
        change(&mut answer);
        token_in(&answer.der(&AUTHORITY), b"signature", 7)
    }

    #[test]
    fn the_answer_to_a_request_is_taken() {
        let token = answered(|_| {}).unwrap();
        let (time, signed) = check(&token, b"signature").unwrap();
        assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_secs(samples::TIME));
        assert_eq!(signed.certificate.der, AUTHORITY.certificate.der);
        assert!(check(&token, b"another").unwrap_err().contains("another signature"));
    }

    /// `token` with one more element among its certificates.
    fn with_among_certificates(token: &[u8], more: &[u8]) -> Vec<u8> {
        let parts: Vec<&[u8]> = children(token).collect();
        let signed_data = children(parts[1]).next().unwrap();
        let fields = children(signed_data).map(|field| match field[0] {
            0xA0 => canonical::element(0xA0, &[canonical::contents(field), more].concat()),
            _ => field.to_vec(),
        });
        let signed_data = canonical::element(0x30, &fields.collect::<Vec<_>>().concat());
        canonical::element(0x30, &[parts[0], &canonical::element(0xA0, &signed_data)].concat())
    }

    #[test]
    fn an_attribute_certificate_beside_those_of_an_authority_is_passed_over() {
        let token = answered(|_| {}).unwrap();
        assert_eq!(with_among_certificates(&token, b""), token);
        // As Microsoft's authority sends: [1], version 1 of attribute certificates.
        let (_, signed) = check(&with_among_certificates(&token, &[0xA1, 3, 2, 1, 0]), b"signature").unwrap();
        assert_eq!(signed.certificate.der, AUTHORITY.certificate.der);
        assert!(check(&with_among_certificates(&token, &[0x30, 3, 2, 1, 0]), b"signature").is_err());
    }

    #[test]
    fn each_changed_byte_of_a_token_is_refused() {
        let token = answered(|_| {}).unwrap();
        let roots = [AUTHORITY.certificate.clone()];
        for at in 0..token.len() {
            let mut changed = token.clone();
            changed[at] ^= 0x01;
            // What the authority has not signed, the names in its own certificate, may change: whom it leads to tells.
            if let Ok((time, signed)) = check(&changed, b"signature") {
                assert!(
                    leads_to(&signed.certificate, &[], &roots, Purpose::Timestamps, time).is_err(),
                    "byte {at}"
                );
                assert_eq!(time, SystemTime::UNIX_EPOCH + Duration::from_secs(samples::TIME), "byte {at}");
            }
        }
    }

    #[test]
    fn answers_to_other_questions_and_by_others_are_refused() {
        let error = |change: fn(&mut samples::Answer)| format!("{:#}", answered(change).unwrap_err());
        assert!(error(|answer| answer.nonce = vec![8]).contains("not one to this question"));
        assert!(error(|answer| answer.digest = vec![0; 32]).contains("another signature"));
        assert!(error(|answer| answer.status = 2).contains("refuses"));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(samples::TIME);
        let code = crate::signer::samples::certificate(|_| {});
        assert!(code.timestamp_faults(now).join("").contains("not timestamping alone"));
    }

    #[test]
    fn a_request_has_digest_and_nonce_and_asks_for_certificates() {
        let request = request(b"signature", 0x80).unwrap();
        let fields: Vec<&[u8]> = children(&request).collect();
        assert_eq!(fields[0], [2, 1, 1]);
        assert!(fields[1].ends_with(&Algorithm::Sha256.of(b"signature")));
        assert_eq!(fields[2], [2, 2, 0, 0x80]);
        assert_eq!(fields[3], [1, 1, 0xFF]);
    }

    #[test]
    fn a_refusal_is_passed_on() {
        // Status 2 with a text.
        let answer = [&[0x30, 12, 0x30, 10, 2, 1, 2, 0x30, 5, 0x0C, 3][..], b"no!"].concat();
        let error = token_in(&answer, b"s", 1).unwrap_err().to_string();
        assert_eq!(error, "it refuses: status 02, no!");
        assert!(token_in(&[0x30, 0], b"s", 1).is_err());
        assert!(token_in(b"text", b"s", 1).is_err());
    }

    #[test]
    fn times_are_read_with_and_without_fractions() {
        let time = |text: &str| {
            let element = [&[0x18, text.len() as u8][..], text.as_bytes()].concat();
            generalized_time(&element)
                .map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(time("20260101000000Z"), Some(1_767_225_600));
        assert_eq!(time("20260101000000.25Z"), Some(1_767_225_600));
        for bad in ["20260101000000", "20261301000000Z", "2026010100000éZ", "20260101000000.xZ"] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
