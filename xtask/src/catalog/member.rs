//! The members of a catalog: one or two for each file, under its SHA-1 and its SHA-256 digest.

use anyhow::Result;
use der::asn1::{BmpString, ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode as _, Encode as _, Sequence, Tag, TagNumber};
use x509_cert::attr::Attribute;

use super::payload::{Hashing, Payload};
use super::system::System;
use crate::digest::{self, Algorithm};
use crate::signature::{SPC_INDIRECT_DATA, spc_indirect_data};

/// A name with a value, on a member or on the whole list.
pub(super) const NAME_VALUE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.1");
/// How a file is hashed: by its interface to the system, as catalogs of the first form say it.
const MEMBER_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.2");
/// The same in catalogs of the second form.
const MEMBER_INFO_2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.3");
const SPC_PE_IMAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.15");
const SPC_FLAT_FILE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.25");

/// SpcPeImageData in a catalog: the flags of a whole image, and an empty file name.
const IMAGE_IN_CATALOG: [u8; 12] = [0x30, 0x0A, 0x03, 0x02, 0x05, 0xA0, 0xA0, 0x04, 0xA2, 0x02, 0x80, 0x00];
/// SpcLink to nothing.
const FLAT_IN_CATALOG: [u8; 4] = [0xA2, 0x02, 0x80, 0x00];

/// The flags of names and values: the value is a string, and is part of the signature.
const AUTHENTICATED_STRING: u32 = 0x1001_0001;

/// The interfaces by which Windows hashes images and other files.
const IMAGE_INTERFACE: &str = "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}";
const FLAT_INTERFACE: &str = "{DE351A42-8E59-11D0-8C47-00C04FC295EE}";
/// The version of an interface, in catalogs of the first form.
const INTERFACE_VERSION: u16 = 0x0200;

/// The forms of a catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Up to Windows 7: a file has one member, under the digits of its SHA-1.
    First,
    /// A file has two members, under its SHA-1 and its SHA-256.
    Second,
}

/// One digest a catalog vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(crate) struct Member {
    /// The digest.
    pub(crate) tag: OctetString,
    attributes: SetOfVec<Attribute>,
}

/// A name and a value as catalogs hold them.
#[derive(Clone, Debug, PartialEq, Eq, Sequence)]
pub(super) struct NameValue {
    name: BmpString,
    flags: u32,
    /// UTF-16, little-endian, with a terminating NUL; the name above is big-endian.
    value: OctetString,
}

impl NameValue {
    pub(super) fn new(name: &str, value: &str) -> Result<Self> {
        let units = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
        let value = OctetString::new(units.collect::<Vec<u8>>())?;
        Ok(Self { name: BmpString::from_utf8(name)?, flags: AUTHENTICATED_STRING, value })
    }

    /// The name and the value as text.
    pub(super) fn text(&self) -> Option<(String, String)> {
        let (units, _) = self.value.as_bytes().as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        let value = String::from_utf16(units.strip_suffix(&[0])?).ok()?;
        Some((self.name.to_string(), value))
    }
}

impl Member {
    /// `member_info` says how the file is hashed; `indirect` is its digest once more, where the form has that.
    fn new(
        tag: Vec<u8>,
        member_info: Attribute,
        indirect: Option<Any>,
        file: &str,
        versions: &str,
    ) -> Result<Self> {
        let pair = |name, value| attribute(NAME_VALUE, Any::encode_from(&NameValue::new(name, value)?)?);
        let mut attributes =
            vec![member_info, pair("OSAttr", versions)?, pair("File", &file.to_ascii_lowercase())?];
        attributes.extend(indirect.map(|data| attribute(SPC_INDIRECT_DATA, data)).transpose()?);
        Ok(Self { tag: OctetString::new(tag)?, attributes: SetOfVec::try_from(attributes)? })
    }

    /// The digest, in hexadecimal digits, whatever the form.
    pub(crate) fn digest(&self) -> String {
        let tag = self.tag.as_bytes();
        if tag.len() != 82 {
            return digest::hex(tag);
        }
        tag.iter().step_by(2).take(40).map(|byte| char::from(*byte).to_ascii_lowercase()).collect()
    }

    /// The name of the file, as the member says.
    pub(crate) fn file(&self) -> Option<String> {
        self.attributes.iter().filter(|attribute| attribute.oid == NAME_VALUE).find_map(|attribute| {
            let pair = NameValue::from_der(&attribute.values.get(0)?.to_der().ok()?).ok()?;
            let (name, value) = pair.text()?;
            (name == "File").then_some(value)
        })
    }
}

impl Form {
    /// The form that Inf2Cat chooses for `systems`: the second, as soon as one of them knows it.
    pub(super) fn of(systems: &[System]) -> Self {
        if systems.iter().all(System::knows_sha1_alone) { Self::First } else { Self::Second }
    }

    /// The members for `payload`, which is for `versions` of Windows.
    pub(super) fn members(self, payload: &Payload<'_>, versions: &str) -> Result<Vec<Member>> {
        let member = |algorithm| {
            let digest = payload.digest(algorithm)?;
            let indirect = || match payload.hashing() {
                Hashing::Image => spc_indirect_data(SPC_PE_IMAGE, &IMAGE_IN_CATALOG, algorithm, &digest),
                Hashing::Flat => spc_indirect_data(SPC_FLAT_FILE, &FLAT_IN_CATALOG, algorithm, &digest),
            };
            let (tag, info, indirect) = match (self, algorithm) {
                (Self::First, _) => (digits(&digest), interface(payload.hashing())?, Some(indirect()?)),
                (Self::Second, Algorithm::Sha1) => (digest, kind(payload.hashing())?, None),
                (Self::Second, Algorithm::Sha256) => {
                    (digest.clone(), kind(payload.hashing())?, Some(indirect()?))
                }
            };
            Member::new(tag, info, indirect, payload.name, versions)
        };
        let algorithms: &[Algorithm] = match self {
            Self::First => &[Algorithm::Sha1],
            Self::Second => &[Algorithm::Sha1, Algorithm::Sha256],
        };
        algorithms.iter().map(|algorithm| member(*algorithm)).collect()
    }
}

/// A tag of the first form: the digits of a digest as text with a terminating NUL.
fn digits(digest: &[u8]) -> Vec<u8> {
    let text = digest::hex(digest).to_ascii_uppercase();
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

#[derive(Sequence)]
struct MemberInfo {
    interface: BmpString,
    version: u16,
}

fn interface(hashing: Hashing) -> Result<Attribute> {
    let interface = match hashing {
        Hashing::Image => IMAGE_INTERFACE,
        Hashing::Flat => FLAT_INTERFACE,
    };
    let info = MemberInfo { interface: BmpString::from_utf8(interface)?, version: INTERFACE_VERSION };
    attribute(MEMBER_INFO, Any::encode_from(&info)?)
}

fn kind(hashing: Hashing) -> Result<Attribute> {
    let number = match hashing {
        Hashing::Image => TagNumber::N0,
        Hashing::Flat => TagNumber::N2,
    };
    attribute(MEMBER_INFO_2, Any::new(Tag::ContextSpecific { constructed: false, number }, Vec::new())?)
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::samples::image;

    #[test]
    fn a_flat_file_has_the_members_windows_expects() {
        let members = Form::Second.members(&Payload { name: "A.inf", content: b"abc" }, "2:10.0").unwrap();
        assert_eq!(members.len(), 2);
        let sha1 = members.iter().find(|member| member.tag.as_bytes().len() == 20).unwrap();
        let expected = concat!(
            "308190",
            "0414a9993e364706816aba3e25717850c26c9cd0d89d", // the digest
            "3178",
            "3010060a2b0601040182370c020331028200", // a flat file
            "302e060a2b0601040182370c0201",
            "3120301e1e0800460069006c0065020410010001", // "File"
            "040c61002e0069006e0066000000",             // "a.inf"
            "3034060a2b0601040182370c0201",
            "312630241e0c004f00530041007400740072020410010001", // "OSAttr"
            "040e32003a00310030002e0030000000",                 // "2:10.0"
        );
        assert_eq!(crate::digest::hex(&sha1.to_der().unwrap()), expected);
        assert_eq!(sha1.attributes.len(), 3);
        let sha256 = members.iter().find(|member| member.tag.as_bytes().len() == 32).unwrap();
        assert_eq!(sha256.attributes.len(), 4);
        assert_eq!(sha256.file().as_deref(), Some("a.inf"));
    }

    #[test]
    fn an_image_is_listed_by_its_authenticode_digest() {
        let bytes = image(0x8664, b"code");
        let members = Form::Second.members(&Payload { name: "a.sys", content: &bytes }, "2:10.0").unwrap();
        let digest = crate::pe::Image::parse(&bytes).unwrap().digest(Algorithm::Sha256);
        assert!(members.iter().any(|member| member.tag.as_bytes() == digest));
    }

    #[test]
    fn a_flat_file_of_the_first_form_has_the_member_windows_expects() {
        let members = Form::First.members(&Payload { name: "A.inf", content: b"abc" }, "2:6.1").unwrap();
        assert_eq!(members.len(), 1);
        let digits = "A9993E364706816ABA3E25717850C26C9CD0D89D\0";
        let tag: Vec<u8> = digits.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!((members[0].tag.as_bytes(), tag.len()), (tag.as_slice(), 82));
        let der = digest::hex(&members[0].to_der().unwrap());
        assert!(der.contains("300906052b0e03021a0500"), "{der}");
    }
}
