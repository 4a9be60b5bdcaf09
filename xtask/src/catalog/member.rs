//! The members of a catalog: two for each file, one under its SHA-1 and one under its SHA-256 digest.

use anyhow::Result;
use der::asn1::{BmpString, ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode as _, Encode as _, Sequence, Tag, TagNumber};
use x509_cert::attr::Attribute;

use super::WINDOWS_10;
use super::payload::{Hashing, Payload, check_payload};
use crate::digest::Algorithm;
use crate::signature::{SPC_INDIRECT_DATA, spc_indirect_data};

/// A name with a value, on a member or on the whole list.
pub(super) const NAME_VALUE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.1");
const MEMBER_INFO_2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.3");
const SPC_PE_IMAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.15");
const SPC_FLAT_FILE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.25");

/// SpcPeImageData in a catalog: the flags of a whole image, and an empty file name.
const IMAGE_IN_CATALOG: [u8; 12] = [0x30, 0x0A, 0x03, 0x02, 0x05, 0xA0, 0xA0, 0x04, 0xA2, 0x02, 0x80, 0x00];
/// SpcLink to nothing.
const FLAT_IN_CATALOG: [u8; 4] = [0xA2, 0x02, 0x80, 0x00];

/// The flags of names and values: the value is a string, and is part of the signature.
const AUTHENTICATED_STRING: u32 = 0x1001_0001;

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
    fn new(payload: &Payload<'_>, algorithm: Algorithm) -> Result<Self> {
        let digest = payload.digest(algorithm)?;
        let number = match payload.hashing() {
            Hashing::Image => TagNumber::N0,
            Hashing::Flat => TagNumber::N2,
        };
        let kind = Any::new(Tag::ContextSpecific { constructed: false, number }, Vec::new())?;
        let mut attributes = vec![
            attribute(MEMBER_INFO_2, kind)?,
            attribute(NAME_VALUE, Any::encode_from(&NameValue::new("OSAttr", WINDOWS_10)?)?)?,
            attribute(
                NAME_VALUE,
                Any::encode_from(&NameValue::new("File", &payload.name.to_ascii_lowercase())?)?,
            )?,
        ];
        if algorithm == Algorithm::Sha256 {
            let indirect = match payload.hashing() {
                Hashing::Image => spc_indirect_data(SPC_PE_IMAGE, &IMAGE_IN_CATALOG, &digest)?,
                Hashing::Flat => spc_indirect_data(SPC_FLAT_FILE, &FLAT_IN_CATALOG, &digest)?,
            };
            attributes.push(attribute(SPC_INDIRECT_DATA, indirect)?);
        }
        Ok(Self { tag: OctetString::new(digest)?, attributes: SetOfVec::try_from(attributes)? })
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

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
}

/// The members for `payload`, in the order of a catalog: by digest; files with the same content by name.
pub(crate) fn members(payload: &[Payload<'_>]) -> Result<Vec<Member>> {
    let mut members = Vec::with_capacity(payload.len() * 2);
    for file in payload {
        check_payload(file)?;
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256] {
            members.push((file.name.to_ascii_lowercase(), Member::new(file, algorithm)?));
        }
    }
    members.sort_by(|(name, member), (other_name, other)| {
        member.tag.as_bytes().cmp(other.tag.as_bytes()).then_with(|| name.cmp(other_name))
    });
    Ok(members.into_iter().map(|(_, member)| member).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::samples::image;

    #[test]
    fn a_flat_file_has_the_members_windows_expects() {
        let members = members(&[Payload { name: "A.inf", content: b"abc" }]).unwrap();
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
        let members = members(&[Payload { name: "a.sys", content: &bytes }]).unwrap();
        let digest = crate::pe::Image::parse(&bytes).unwrap().digest(Algorithm::Sha256);
        assert!(members.iter().any(|member| member.tag.as_bytes() == digest));
    }

    #[test]
    fn members_ascend_by_digest_and_equal_ones_by_name() {
        let payload = ["b.dat", "a.dat", "c.dat"].map(|name| Payload { name, content: b"same" });
        let members = members(&payload).unwrap();
        assert!(members.is_sorted_by(|left, right| left.tag.as_bytes() <= right.tag.as_bytes()));
        let names: Vec<_> = members.iter().filter_map(Member::file).collect();
        assert_eq!(names, ["a.dat", "b.dat", "c.dat", "a.dat", "b.dat", "c.dat"]);
    }
}
