//! A driver's catalog: its form, its signature, and that it vouches for exactly the files the INF names.

use nmrctl::manifest::Manifest;

use super::{Class, Finding, manifest};
use crate::catalog::{Member, Payload, TrustList, members, read};
use crate::certificate::Certificate;
use crate::digest::hex;
use crate::signature::{self, Content};

/// Checks the catalog `bytes`, which lies at `path`, against `payload`; without a signer, it must not be signed.
pub(super) fn check(
    path: &str,
    bytes: &[u8],
    payload: &[Payload<'_>],
    manifest: &Manifest,
    signer: Option<&Certificate>,
    findings: &mut Vec<Finding>,
) {
    let list = match signature::embedded(bytes) {
        Ok(list) => list,
        Err(what) => return findings.push(Finding::new(Class::Signature, path, "encoding", what)),
    };
    let verified =
        Content::catalog(&list).map_err(|error| error.to_string()).and_then(|content| match signer {
            Some(signer) => signature::verify(bytes, &content, signer),
            None if signature::unsigned(&content).is_ok_and(|unsigned| unsigned == bytes) => Ok(()),
            None => Err("it is signed, or not written as `cargo xtask package` does".to_owned()),
        });
    if let Err(what) = verified {
        findings.push(Finding::new(Class::Signature, path, "signature", what));
    }
    match read(&list) {
        Ok(list) => check_list(path, &list, payload, manifest, findings),
        Err(error) => findings.push(Finding::new(Class::Catalog, path, "list", format!("{error:#}"))),
    }
}

fn check_list(
    path: &str,
    list: &TrustList,
    payload: &[Payload<'_>],
    manifest: &Manifest,
    findings: &mut Vec<Finding>,
) {
    let os = manifest::architecture(manifest).catalog_os();
    if list.os != os {
        findings.push(Finding::new(
            Class::Catalog,
            path,
            "OS",
            format!("it is {:?}, expected {os:?}", list.os),
        ));
    }
    if list.time.epoch() != manifest.source.time {
        let what =
            format!("it is {} s since 1970, the manifest says {}", list.time.epoch(), manifest.source.time);
        findings.push(Finding::new(Class::Catalog, path, "thisUpdate", what));
    }
    let expected = match members(payload) {
        Ok(members) => members,
        Err(error) => {
            return findings.push(Finding::new(Class::Catalog, path, "members", format!("{error:#}")));
        }
    };
    for member in expected.iter().filter(|member| !list.members.contains(member)) {
        let (file, kind, digest) = describe(member);
        let same_digest = list.members.iter().any(|other| other.tag == member.tag);
        let what = if same_digest {
            format!("the entry for {digest} has other attributes than that file's")
        } else {
            format!(
                "the file's digest {digest} is not in the catalog: the file was changed, or the catalog was"
            )
        };
        findings.push(Finding::new(Class::Catalog, path, format!("{file} ({kind})"), what));
    }
    for member in list.members.iter().filter(|member| !expected.contains(member)) {
        let (file, kind, digest) = describe(member);
        let what = format!("the entry {digest} matches no file that the INF names");
        findings.push(Finding::new(Class::Catalog, path, format!("{file} ({kind})"), what));
    }
    if list.members.len() != expected.len() && findings.is_empty() {
        findings.push(Finding::new(Class::Catalog, path, "members", "an entry is there more than once"));
    }
}

fn describe(member: &Member) -> (String, &'static str, String) {
    let kind = if member.tag.as_bytes().len() == 20 { "SHA-1" } else { "SHA-256" };
    (member.file().unwrap_or_else(|| "?".to_owned()), kind, hex(member.tag.as_bytes()))
}
