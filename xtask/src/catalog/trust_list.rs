//! The certificate trust list (CTL) inside a catalog: reading and writing it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use der::asn1::{ObjectIdentifier, OctetString, UtcTime};
use der::{Decode as _, Encode as _, Sequence};
use spki::AlgorithmIdentifierOwned;

use super::member::{Form, Member, NAME_VALUE, NameValue};
use crate::canonical;
use crate::digest::Algorithm;
use crate::signature::algorithm;

/// subjectUsage of catalogs.
const CATALOG_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.1.1");
/// A catalog of the first form.
const CATALOG_LIST_MEMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.1.2");
/// A catalog of the second form, which has SHA-256 members.
const CATALOG_LIST_MEMBER_2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.1.3");
/// The attribute of the whole list that names the systems it is for.
const OS: &str = "OS";

/// What a catalog says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustList {
    pub(crate) form: Form,
    /// A GUID in the byte order of Windows.
    pub(crate) identifier: [u8; 16],
    /// When it was made, in seconds since 1970.
    pub(crate) time: u64,
    /// What it says of the whole package: the systems it is for, and the devices.
    extensions: Vec<NameValue>,
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

impl TrustList {
    /// The list of `members` for the systems `os` and the devices with `hardware_ids`. Without an identifier it gets one
    /// that follows from its contents, so that the same list has the same bytes.
    pub(crate) fn new(
        form: Form,
        time: u64,
        os: &str,
        hardware_ids: &[String],
        members: Vec<Member>,
        identifier: Option<[u8; 16]>,
    ) -> Result<Self> {
        let mut extensions = vec![NameValue::new(OS, os)?];
        for (index, id) in hardware_ids.iter().enumerate().rev() {
            extensions.push(NameValue::new(&format!("HWID{}", index + 1), id)?);
        }
        let mut list = Self { form, identifier: [0; 16], time, extensions, members };
        list.identifier = match identifier {
            Some(identifier) => identifier,
            None => list.own_identifier()?,
        };
        Ok(list)
    }

    /// The identifier that follows from the contents: a GUID of version 4, made from the hash of the list without it.
    pub(crate) fn own_identifier(&self) -> Result<[u8; 16]> {
        let mut guid = [0; 16];
        let without = write(&Self { identifier: guid, ..self.clone() })?;
        guid.copy_from_slice(&Algorithm::Sha256.of(&without)[..16]);
        guid[7] = guid[7] & 0x0F | 0x40;
        guid[8] = guid[8] & 0x3F | 0x80;
        Ok(guid)
    }

    /// What it says of the whole package, in its order: names and values.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (String, String)> + '_ {
        self.extensions.iter().filter_map(NameValue::text)
    }
}

/// Writes `list` in DER.
pub(crate) fn write(list: &TrustList) -> Result<Vec<u8>> {
    let extension = |pair: &NameValue| -> Result<Extension> {
        Ok(Extension { kind: NAME_VALUE, value: OctetString::new(pair.to_der()?)? })
    };
    let encoded = Encoded {
        subject_usage: vec![CATALOG_LIST],
        list_identifier: OctetString::new(list.identifier)?,
        this_update: UtcTime::from_unix_duration(Duration::from_secs(list.time))
            .context("a catalog holds times between 1970 and 2049")?,
        subject_algorithm: algorithm(match list.form {
            Form::First => CATALOG_LIST_MEMBER,
            Form::Second => CATALOG_LIST_MEMBER_2,
        }),
        members: list.members.clone(),
        extensions: list.extensions.iter().map(extension).collect::<Result<_>>()?,
    };
    encoded.to_der().context("the catalog could not be encoded")
}

/// Reads the DER of any catalog's list. Each byte of it is in the value returned: [`write()`] gives the same DER.
pub(crate) fn read(der: &[u8]) -> Result<TrustList> {
    canonical::check(der)?;
    let encoded = Encoded::from_der(der).context("it is not a list of the form that catalogs have")?;
    ensure!(encoded.subject_usage == [CATALOG_LIST], "subjectUsage is not that of a catalog");
    let form = if encoded.subject_algorithm == algorithm(CATALOG_LIST_MEMBER_2) {
        Form::Second
    } else if encoded.subject_algorithm == algorithm(CATALOG_LIST_MEMBER) {
        Form::First
    } else {
        bail!("it is a catalog of a form that is not known");
    };
    let mut extensions = Vec::new();
    for Extension { kind, value } in &encoded.extensions {
        ensure!(*kind == NAME_VALUE, "an attribute of the list is not a name with a value");
        let pair = NameValue::from_der(value.as_bytes()).context("an attribute of the list is damaged")?;
        ensure!(pair.text().is_some(), "an attribute of the list is not text");
        extensions.push(pair);
    }
    let identifier =
        <[u8; 16]>::try_from(encoded.list_identifier.as_bytes()).context("listIdentifier is not a GUID")?;
    let time = encoded.this_update.to_unix_duration().as_secs();
    let list = TrustList { form, identifier, time, extensions, members: encoded.members };
    ensure!(write(&list)? == der, "it is not written as it must be");
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::payload::Payload;
    use crate::digest::hex;
    use crate::pe::samples::image;

    fn list(os: &str, ids: &[&str], members: Vec<Member>) -> TrustList {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        TrustList::new(Form::Second, 1_767_225_600, os, &ids, members, None).unwrap()
    }

    fn sample() -> TrustList {
        let bytes = image(0x8664, b"code");
        let members = Form::Second.members(&Payload { name: "a.sys", content: &bytes }, "2:10.0").unwrap();
        list("_v100_X64", &["pci\\ven_1", "usb\\vid_2"], members)
    }

    #[test]
    fn what_was_written_is_read() {
        let list = sample();
        assert_eq!(read(&write(&list).unwrap()).unwrap(), list);
    }

    #[test]
    fn hardware_ids_follow_the_systems_the_last_first() {
        let attributes: Vec<_> =
            sample().attributes().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(attributes, ["OS=_v100_X64", "HWID2=usb\\vid_2", "HWID1=pci\\ven_1"]);
    }

    #[test]
    fn the_identifier_is_given_or_a_version_4_guid_that_follows_the_contents() {
        let first = sample().identifier;
        assert_eq!((first[7] >> 4, first[8] >> 6), (4, 2));
        assert_eq!(first, sample().own_identifier().unwrap());
        assert_ne!(first, list("_v100_X64_RS5", &[], sample().members).identifier);
        let given = TrustList::new(Form::Second, 0, "7X64", &[], Vec::new(), Some([7; 16])).unwrap();
        assert_eq!(given.identifier, [7; 16]);
        assert_eq!(read(&write(&given).unwrap()).unwrap(), given);
    }

    #[test]
    fn a_list_without_members_has_exactly_these_bytes() {
        let found = hex(&write(&list("_v100_X64", &[], Vec::new())).unwrap());
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

    #[test]
    fn a_time_that_does_not_fit_is_refused() {
        assert!(TrustList::new(Form::Second, 2_524_608_000, "", &[], Vec::new(), None).is_err());
    }
}
