//! What an INF of any maker lists, and what a catalog of any maker vouches for.

use std::collections::BTreeSet;

use crate::architecture::Architecture;
use crate::canonical::{children, contents};
use crate::digest::{Algorithm, hex};
use crate::inf::Inf;
use crate::pe::{Image, PeFault, claims_to_be_pe};
use crate::signature::general::{self, Form};

/// A file that an INF lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Where it lies, relative to the INF.
    pub(super) path: String,
    pub(super) line: usize,
    /// Whether it is for some architectures alone: the package may be for another.
    pub(super) for_some_machines: bool,
}

/// The catalogs that `[Version]` names, for whatever system.
pub(super) fn catalogs(inf: &Inf) -> BTreeSet<String> {
    let lines = inf.section("Version").unwrap_or_default();
    lines
        .into_iter()
        .filter(|line| {
            line.key.as_ref().is_some_and(|key| key.text.to_ascii_lowercase().starts_with("catalogfile"))
        })
        .filter_map(|line| line.fields.first().map(|field| inf.expand(field)))
        .filter(|name| !name.is_empty())
        .collect()
}

/// The files that `[SourceDisksFiles]` lists, for whatever architecture. Catalogs do not vouch for catalogs, nor an INF's
/// for other INFs.
pub(super) fn files(inf: &Inf) -> Vec<Listed> {
    let decorated = ["x86", "ia64", "arm"].into_iter().chain(Architecture::ALL.map(Architecture::inf));
    let sections = std::iter::once((String::new(), false))
        .chain(decorated.map(|architecture| (format!(".{architecture}"), true)));
    let mut listed = Vec::new();
    for (decoration, for_some_machines) in sections {
        for line in inf.section(&format!("SourceDisksFiles{decoration}")).unwrap_or_default() {
            let Some(key) = &line.key else { continue };
            let name = inf.expand(key);
            if name.to_ascii_lowercase().ends_with(".cat") {
                continue;
            }
            let disk = line.fields.first().map(|field| inf.expand(field)).unwrap_or_default();
            let mut folders = vec![folder_of_disk(inf, &disk, &decoration)];
            folders.push(line.fields.get(1).map(|field| inf.expand(field)).unwrap_or_default());
            let parts = folders.iter().flat_map(|folder| folder.split(['\\', '/'])).chain([name.as_str()]);
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty() && *part != ".").collect();
            listed.push(Listed { path: parts.join("/"), line: line.place().line, for_some_machines });
        }
    }
    listed
}

/// The folder of a disk: the fourth field of its line.
fn folder_of_disk(inf: &Inf, disk: &str, decoration: &str) -> String {
    let names = [format!("SourceDisksNames{decoration}"), "SourceDisksNames".to_owned()];
    let mut lines = names.iter().flat_map(|name| inf.section(name).unwrap_or_default());
    let line =
        lines.find(|line| line.key.as_ref().is_some_and(|key| inf.expand(key).eq_ignore_ascii_case(disk)));
    line.and_then(|line| line.fields.get(3)).map(|field| inf.expand(field)).unwrap_or_default()
}

/// The digests in the list of a catalog, in DER: SHA-1 has 20 bytes, SHA-256 has 32.
pub(super) fn digests(list: &[u8]) -> Result<BTreeSet<Vec<u8>>, String> {
    // subjectUsage, subjectAlgorithm, and the members are the SEQUENCEs of the list, in this order.
    let members = children(list).filter(|field| field[0] == 0x30).nth(2).ok_or("it lists no files")?;
    let mut digests = BTreeSet::new();
    for member in children(members) {
        let tag = children(member).next().map(contents).ok_or("a member has no digest")?;
        // The first version of catalogs has digests as text.
        let digest = if tag.len() > 32 {
            from_text(tag).ok_or("a member's digest is no number")?
        } else {
            tag.to_vec()
        };
        digests.insert(digest);
    }
    Ok(digests)
}

/// Hexadecimal in UTF-16 with a NUL at its end.
fn from_text(tag: &[u8]) -> Option<Vec<u8>> {
    let (units, []) = tag.as_chunks::<2>() else { return None };
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let text = String::from_utf16(units.strip_suffix(&[0])?).ok()?;
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// How a catalog knows a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Sha256,
    Sha1Alone,
    No,
}

impl Known {
    /// How `digests` know the file `bytes`: an image by the digest that signing does not change.
    pub(super) fn by(bytes: &[u8], digests: &BTreeSet<Vec<u8>>) -> Result<Self, PeFault> {
        let has = |algorithm: Algorithm| {
            let digest = match claims_to_be_pe(bytes) {
                true => Image::parse(bytes)?.digest(algorithm),
                false => algorithm.of(bytes),
            };
            Ok(digests.contains(&digest))
        };
        Ok(match (has(Algorithm::Sha256)?, has(Algorithm::Sha1)?) {
            (true, _) => Self::Sha256,
            (false, true) => Self::Sha1Alone,
            (false, false) => Self::No,
        })
    }
}

/// Checks that the signature `der` is one over `image`: the digest that it carries is that of the image.
pub(super) fn check_embedded(der: &[u8], image: &Image<'_>) -> Result<(), String> {
    let (_, content) = general::content(der, Form::Signature)?;
    let digest_info = children(&content).nth(1).ok_or("it carries no digest")?;
    let carried = children(digest_info).nth(1).map(contents).ok_or("it carries no digest")?;
    let expected = image.digest(Algorithm::Sha256);
    if carried == expected {
        return Ok(());
    }
    Err(format!(
        "it was made for other content: it has the digest {}, the image's is {}",
        hex(carried),
        hex(&expected)
    ))
}
