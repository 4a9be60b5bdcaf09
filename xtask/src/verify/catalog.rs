//! A driver's catalog: its form, its signature, and that it vouches for exactly the files the INF names.

use super::{Class, Finding};
use crate::catalog::{Member, TrustList, read};
use crate::certificate::Certificate;
use crate::signature::{self, Content};

/// Checks the catalog `bytes`, which lies at `path`: it must say what `expected` says; without a signer, it must not be
/// signed.
pub(super) fn check(
    path: &str,
    bytes: &[u8],
    expected: &TrustList,
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
        Ok(list) => check_list(path, &list, expected, findings),
        Err(error) => findings.push(Finding::new(Class::Catalog, path, "list", format!("{error:#}"))),
    }
}

fn check_list(path: &str, list: &TrustList, expected: &TrustList, findings: &mut Vec<Finding>) {
    let mut add = |field: &str, what: String| findings.push(Finding::new(Class::Catalog, path, field, what));
    let text = |list: &TrustList| {
        list.attributes().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    let (said, meant) = (text(list), text(expected));
    if list.form != expected.form || said != meant {
        add("OS", format!("it is {said:?}, expected {meant:?}"));
    }
    if list.time != expected.time {
        let what = format!("it is {} s since 1970, the manifest says {}", list.time, expected.time);
        add("thisUpdate", what);
    }
    if list.own_identifier().ok() != Some(list.identifier) {
        add("listIdentifier", "it does not follow from what the list says".to_owned());
    }
    check_members(path, &list.members, &expected.members, findings);
}

fn check_members(path: &str, found: &[Member], expected: &[Member], findings: &mut Vec<Finding>) {
    for member in expected.iter().filter(|member| !found.contains(member)) {
        let (file, kind, digest) = describe(member);
        let same_digest = found.iter().any(|other| other.tag == member.tag);
        let what = if same_digest {
            format!("the entry for {digest} has other attributes than that file's")
        } else {
            format!(
                "the file's digest {digest} is not in the catalog: the file was changed, or the catalog was"
            )
        };
        findings.push(Finding::new(Class::Catalog, path, format!("{file} ({kind})"), what));
    }
    for member in found.iter().filter(|member| !expected.contains(member)) {
        let (file, kind, digest) = describe(member);
        let what = format!("the entry {digest} matches no file that the INF names");
        findings.push(Finding::new(Class::Catalog, path, format!("{file} ({kind})"), what));
    }
    if found != expected && findings.is_empty() {
        let what = "an entry is there more than once, or not in its place";
        findings.push(Finding::new(Class::Catalog, path, "members", what));
    }
}

fn describe(member: &Member) -> (String, &'static str, String) {
    let kind = if member.tag.as_bytes().len() == 20 { "SHA-1" } else { "SHA-256" };
    (member.file().unwrap_or_else(|| "?".to_owned()), kind, member.digest())
}
