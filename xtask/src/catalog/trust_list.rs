//! The certificate trust list (CTL) inside a catalog: reading and writing it.

use anyhow::{Context as _, Result, bail, ensure};
use der::asn1::{ObjectIdentifier, OctetString, UtcTime};
use der::{Decode as _, Encode as _, Sequence};
use spki::AlgorithmIdentifierOwned;

use super::member::{Member, NAME_VALUE, NameValue};
use crate::canonical;
use crate::digest::Algorithm;
use crate::moment::Moment;
use crate::signature::algorithm;

/// subjectUsage of catalogs.
const CATALOG_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.1.1");
/// A catalog of the second version, which has SHA-256 members.
const CATALOG_LIST_MEMBER_2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.1.3");

/// What a catalog says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustList {
    pub(crate) time: Moment,
    /// The systems it is for, as `Inf2Cat` names them.
    pub(crate) os: String,
    /// In ascending order of their digests.
    pub(crate) members: Vec<Member>,
}

#[derive(Sequence)]
struct Encoded {
    subject_usage: Vec<ObjectIdentifier>,
    list_identifier: OctetString,
    this_update: UtcTime,
    subject_algorithm: AlgorithmIdentifierOwned,
    members: Vec<Member>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Extension {
    kind: ObjectIdentifier,
    value: OctetString,
}

/// Writes `list` in DER. Its identifier follows from its contents, so that the same list has the same bytes.
pub(crate) fn write(list: &TrustList) -> Result<Vec<u8>> {
    let mut encoded = Encoded {
        subject_usage: vec![CATALOG_LIST],
        list_identifier: OctetString::new([0; 16])?,
        this_update: UtcTime::from_unix_duration(std::time::Duration::from_secs(list.time.epoch()))?,
        subject_algorithm: algorithm(CATALOG_LIST_MEMBER_2),
        members: list.members.clone(),
        extensions: vec![Extension {
            kind: NAME_VALUE,
            value: OctetString::new(NameValue::new("OS", &list.os)?.to_der()?)?,
        }],
    };
    encoded.list_identifier = OctetString::new(identifier(&encoded.to_der()?))?;
    encoded.to_der().context("the catalog could not be encoded")
}

/// A GUID of version 4 in the byte order of Windows, made from the hash of the list without it.
fn identifier(list: &[u8]) -> [u8; 16] {
    let mut guid = [0; 16];
    guid.copy_from_slice(&Algorithm::Sha256.of(list)[..16]);
    guid[7] = guid[7] & 0x0F | 0x40;
    guid[8] = guid[8] & 0x3F | 0x80;
    guid
}

/// Reads the DER of a list that [`write()`] could have written.
pub(crate) fn read(der: &[u8]) -> Result<TrustList> {
    canonical::check(der)?;
    let encoded = Encoded::from_der(der).context("it is not a list of the form we write")?;
    ensure!(encoded.subject_usage == [CATALOG_LIST], "subjectUsage is not that of a catalog");
    if encoded.subject_algorithm != algorithm(CATALOG_LIST_MEMBER_2) {
        bail!("it is not a version 2 (SHA-256) catalog");
    }
    let [extension] = encoded.extensions.as_slice() else {
        bail!("it has {} extensions, expected OS alone", encoded.extensions.len());
    };
    let text = NameValue::from_der(extension.value.as_bytes()).ok().and_then(|pair| pair.text());
    let os = match text {
        Some((name, os)) if name == "OS" && extension.kind == NAME_VALUE => os,
        _ => bail!("its extension is not OS"),
    };
    let time = Moment::from_epoch(encoded.this_update.to_unix_duration().as_secs())?;
    let list = TrustList { time, os, members: encoded.members };
    ensure!(
        write(&list)? == der,
        "listIdentifier, thisUpdate or the order of members is not what its contents ask for"
    );
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Payload, members};
    use crate::digest::hex;
    use crate::pe::samples::image;

    fn sample() -> TrustList {
        let bytes = image(0x8664, b"code");
        let payload =
            [Payload { name: "a.sys", content: &bytes }, Payload { name: "a.inf", content: b"[Version]" }];
        let time = Moment::from_epoch(1_767_225_600).unwrap();
        TrustList { time, os: "_v100_X64".into(), members: members(&payload).unwrap() }
    }

    #[test]
    fn what_was_written_is_read() {
        let list = sample();
        assert_eq!(read(&write(&list).unwrap()).unwrap(), list);
    }

    #[test]
    fn the_identifier_is_a_version_4_guid_that_follows_the_contents() {
        let guid = |list: &TrustList| {
            let der = write(list).unwrap();
            Encoded::from_der(&der).unwrap().list_identifier.as_bytes().to_vec()
        };
        let (list, mut other) = (sample(), sample());
        other.os = "_v100_X64_RS5".into();
        let first = guid(&list);
        assert_eq!((first[7] >> 4, first[8] >> 6), (4, 2));
        assert_eq!(first, guid(&list));
        assert_ne!(first, guid(&other));
    }

    #[test]
    fn a_list_without_members_has_exactly_these_bytes() {
        let list = TrustList { members: Vec::new(), ..sample() };
        let found = hex(&write(&list).unwrap());
        let (before, rest) = found.split_at(36);
        let (identifier, after) = rest.split_at(32);
        assert_eq!(before, concat!("3079", "300c060a2b0601040182370c0101", "0410"));
        assert_eq!(&identifier[14..15], "4");
        let expected = concat!(
            "170d3236303130313030303030305a",               // thisUpdate: 260101000000Z
            "300e060a2b0601040182370c01030500",             // version 2
            "3000",                                         // no members
            "a03630343032060a2b0601040182370c0201",         // one extension, a name with a value
            "042430221e04004f0053020410010001",             // "OS"
            "04145f0076003100300030005f005800360034000000", // "_v100_X64"
        );
        assert_eq!(after, expected);
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        let list = sample();
        let der = write(&list).unwrap();
        for at in 0..der.len() {
            let mut changed = der.clone();
            changed[at] ^= 0x01;
            assert!(read(&changed).ok() != Some(list.clone()), "byte {at}");
        }
    }
}
