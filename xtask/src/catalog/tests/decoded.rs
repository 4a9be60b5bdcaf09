//! Catalogs taken apart with libraries of others: the structure with `cms` and `der`, digests with `sha2`.

use std::collections::BTreeSet;

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::asn1::{Any, BmpString, ObjectIdentifier, OctetString, SequenceOf, SetOfVec, UtcTime};
use der::{Decode as _, Encode as _, Sequence, SliceReader};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::catalog::{signed, unsigned};
use crate::signer::samples::signer;

#[derive(Sequence)]
struct Ctl {
    usage: SequenceOf<ObjectIdentifier, 1>,
    identifier: OctetString,
    time: UtcTime,
    algorithm: Vec<Any>,
    members: Vec<Entry>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Entry {
    tag: OctetString,
    attributes: SetOfVec<Attribute>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Sequence)]
struct Attribute {
    oid: ObjectIdentifier,
    values: SetOfVec<Any>,
}

impl der::ValueOrd for Attribute {
    fn value_cmp(&self, other: &Self) -> der::Result<std::cmp::Ordering> {
        Ok(self.to_der()?.cmp(&other.to_der()?))
    }
}

#[derive(Sequence)]
struct Extension {
    oid: ObjectIdentifier,
    value: OctetString,
}

#[derive(Sequence)]
struct Named {
    name: BmpString,
    flags: u32,
    value: OctetString,
}

/// The list inside the catalog `bytes`.
fn ctl(bytes: &[u8]) -> (SignedData, Ctl) {
    let info = ContentInfo::from_der(bytes).unwrap();
    let data: SignedData = info.content.decode_as().unwrap();
    let list = data.encap_content_info.econtent.as_ref().unwrap().to_der().unwrap();
    let ctl = Ctl::decode_all(&list);
    (data, ctl)
}

impl Ctl {
    fn decode_all(der: &[u8]) -> Self {
        let mut reader = SliceReader::new(der).unwrap();
        let ctl = der::Decode::decode(&mut reader).unwrap();
        assert!(der::Reader::is_finished(&reader));
        ctl
    }

    fn attributes(&self) -> Vec<String> {
        self.extensions.iter().map(|extension| text(extension.value.as_bytes())).collect()
    }

    /// Each member's file and versions.
    fn files(&self) -> Vec<(Vec<u8>, BTreeSet<String>)> {
        let named = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.12.2.1");
        let of_member = |entry: &Entry| {
            let texts = entry.attributes.iter().filter(|attribute| attribute.oid == named);
            let texts = texts.map(|attribute| text(&attribute.values.get(0).unwrap().to_der().unwrap()));
            (entry.tag.as_bytes().to_vec(), texts.collect())
        };
        self.members.iter().map(of_member).collect()
    }
}

fn text(der: &[u8]) -> String {
    let Named { name, flags, value } = Named::from_der(der).unwrap();
    assert_eq!(flags, 0x1001_0001);
    let units: Vec<u16> =
        value.as_bytes().chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    format!("{name}={}", String::from_utf16(&units).unwrap().strip_suffix('\0').unwrap())
}

#[test]
fn members_are_the_files_under_their_digests() {
    let files = device();
    let list = list(&files, "10_X64", "device-x64.cat");
    let (_, ctl) = ctl(&unsigned(&list).unwrap());
    let members = ctl.files();
    assert_eq!(members.len(), 6);
    for (path, name) in [("device.inf", "device.inf"), ("device.dat", "device.dat")] {
        let digest = Sha256::digest(&files[path]).to_vec();
        let texts = BTreeSet::from([format!("File={name}"), "OSAttr=2:10.0".to_owned()]);
        assert!(members.contains(&(digest, texts)), "{name}");
    }
    assert!(ctl.members.is_sorted_by(|left, right| left.tag.as_bytes() <= right.tag.as_bytes()));
    assert!(ctl.members.iter().all(|member| [3, 4].contains(&member.attributes.len())));
}

#[test]
fn an_unsigned_catalog_is_the_envelope_that_inf2cat_leaves() {
    let list = list(&device(), "10_X64,10_RS3_ARM64", "device-arm64.cat");
    let (data, ctl) = ctl(&unsigned(&list).unwrap());
    assert_eq!(data.encap_content_info.econtent_type.to_string(), "1.3.6.1.4.1.311.10.1");
    assert!(
        data.digest_algorithms.is_empty() && data.signer_infos.0.is_empty() && data.certificates.is_none()
    );
    assert_eq!(ctl.usage.get(0).unwrap().to_string(), "1.3.6.1.4.1.311.12.1.1");
    assert_eq!(ctl.time.to_unix_duration().as_secs(), TIME);
    assert_eq!(
        ctl.algorithm[0].decode_as::<ObjectIdentifier>().unwrap().to_string(),
        "1.3.6.1.4.1.311.12.1.3"
    );
    assert_eq!(ctl.identifier.as_bytes(), list.identifier);
    let expected = [
        "OS=_v100_ARM64_RS3",
        "HWID3=usb\\vid_1234&pid_0002",
        "HWID2=pnp1234",
        "HWID1=pci\\ven_1234&dev_0001",
    ];
    assert_eq!(ctl.attributes(), expected);
}

#[test]
fn signing_changes_nothing_in_the_list() {
    let list = list(&device(), "10_X64", "device-x64.cat");
    let (plain, with) = (unsigned(&list).unwrap(), signed(&list, signer()).unwrap());
    let inside = |bytes: &[u8]| ctl(bytes).0.encap_content_info.to_der().unwrap();
    assert_eq!(inside(&plain), inside(&with));
    assert_eq!(ctl(&with).0.signer_infos.0.len(), 1);
}

#[test]
fn a_file_is_for_the_versions_of_the_sections_that_bring_it() {
    let inf = "[Version]\nSignature=\"$Windows NT$\"\nCatalogFile=a.cat\n[Manufacturer]\n%M%=Std,NTarm,NTarm64\n[Std.NTarm]\n%M%=Shared,A\n%M%=Own,B\n[Std.NTarm64]\n%M%=Shared,A\n[Shared]\nCopyFiles=@both.dat\n[Own.NTarm]\nCopyFiles=@old.dat\n[DefaultInstall.NTarm64]\nCopyFiles=@new.dat\n[SourceDisksNames]\n1=d\n[SourceDisksFiles]\nboth.dat=1\nold.dat=1\nnew.dat=1\n[DestinationDirs]\nDefaultDestDir=13\n[Strings]\nM=m\n";
    let mut files: Files = [("a.inf".to_owned(), inf.as_bytes().to_vec())].into();
    for name in ["both.dat", "old.dat", "new.dat"] {
        files.insert(name.to_owned(), name.as_bytes().to_vec());
    }
    let list = list(&files, "6_3_ARM,10_RS3_ARM64", "a.cat");
    let (_, ctl) = ctl(&unsigned(&list).unwrap());
    let texts: BTreeSet<BTreeSet<String>> = ctl.files().into_iter().map(|(_, texts)| texts).collect();
    for (file, versions) in
        [("a.inf", "2:6.3,2:10.0"), ("both.dat", "2:6.3,2:10.0"), ("old.dat", "2:6.3"), ("new.dat", "2:10.0")]
    {
        let wanted = BTreeSet::from([format!("File={file}"), format!("OSAttr={versions}")]);
        assert!(texts.contains(&wanted), "{file} {versions} in {texts:?}");
    }
    assert_eq!(ctl.attributes(), ["OS=_v63_ARM,_v100_ARM64_RS3", "HWID2=b", "HWID1=a"]);
}
