//! Signatures inside of images of a kind that Windows no longer takes.

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::db::rfc5912::ID_SHA_1;
use der::asn1::SetOfVec;
use der::{Any, Decode as _, Encode as _};

use super::*;
use crate::pe::attach_signature;

/// The image, its signature made out as one over a SHA-1 digest.
fn with_outdated_signature(signed: &[u8]) -> Vec<u8> {
    let der = Image::parse(signed).unwrap().signature().unwrap().unwrap();
    let info = ContentInfo::from_der(der).unwrap();
    let mut signed_data: SignedData = info.content.decode_as().unwrap();
    let mut signer = signed_data.signer_infos.0.as_slice()[0].clone();
    signer.digest_alg.oid = ID_SHA_1;
    signed_data.digest_algorithms = SetOfVec::try_from(vec![signer.digest_alg.clone()]).unwrap();
    signed_data.signer_infos.0 = SetOfVec::try_from(vec![signer]).unwrap();
    let content = Any::encode_from(&signed_data).unwrap();
    let der = ContentInfo { content_type: info.content_type, content }.to_der().unwrap();
    let unsigned = &bundles::parts().drivers[0].image;
    attach_signature(unsigned, &der).unwrap()
}

#[test]
fn a_catalog_stands_in_for_an_outdated_signature_and_that_is_told() {
    let mut files = package();
    let image = with_outdated_signature(&files.files["composite.sys"]);
    files.files.insert("composite.sys".into(), image.clone());
    let accepted = examined(&files);
    assert_eq!(accepted.findings, []);
    assert_eq!(accepted.outdated_signatures, ["composite.sys"]);
    assert!(examined(&package()).outdated_signatures.is_empty());

    // The catalog of another image stands in for nothing.
    let mut changed = image;
    changed[0x201] ^= 1;
    files.files.insert("composite.sys".into(), changed);
    let refused = found(&files);
    assert!(refused.contains("Catalog composite.sys: digest: its catalog does not know"), "{refused}");
    assert!(refused.contains("Signature composite.sys: signature"), "{refused}");
    assert!(examined(&files).outdated_signatures.is_empty());
}

#[test]
fn an_outdated_signature_alone_vouches_for_nothing() {
    let signed = bundles::bundle().files["composite/composite.sys"].clone();
    let mut outdated = with_outdated_signature(&signed);
    outdated[0x201] ^= 1;
    let (alone, _) = with_added("tool.exe", &outdated);
    assert!(alone.contains("Signature tool.exe: signature"), "{alone}");
}
