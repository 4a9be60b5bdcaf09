//! A bundle as a ZIP archive: one folder at the top, entries in order, one time for all. The archive's comment is the
//! SHA-256 of everything before the end record, which tells damage; against design, what was read is written again and
//! must give the same bytes.

use std::io::{Cursor, Read as _, Write as _};

use anyhow::{Context as _, Result, bail, ensure};
use nmrctl::manifest::{MANIFEST_FILE, Manifest};
use nmrctl::names::is_plain_path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Bundle, LARGEST_BUNDLE, LARGEST_FILE, Oddity};
use crate::digest::{Algorithm, hex};
use crate::moment::Moment;

/// The end record without its comment.
const END_RECORD: usize = 22;
const COMMENT: &str = "sha256=";
const COMMENT_LENGTH: usize = COMMENT.len() + 64;

/// Writes `bundle` as an archive whose entries lie in the folder `top`.
pub(crate) fn write_archive(bundle: &Bundle, top: &str, moment: Moment) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(moment.zip()?)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in &bundle.files {
        writer.start_file(format!("{top}/{path}"), options)?;
        writer.write_all(content)?;
    }
    let mut bytes = writer.finish().context("the archive could not be written")?.into_inner();
    let end = bytes.len() - END_RECORD;
    let comment = comment(&bytes[..end]);
    bytes[end + END_RECORD - 2..].copy_from_slice(&(COMMENT_LENGTH as u16).to_le_bytes());
    bytes.extend_from_slice(comment.as_bytes());
    Ok(bytes)
}

fn comment(before_end: &[u8]) -> String {
    format!("{COMMENT}{}", hex(&Algorithm::Sha256.of(before_end)))
}

/// Reads an archive that [`write_archive`] could have written.
pub(super) fn read_archive(bytes: &[u8]) -> Result<(Bundle, Vec<Oddity>)> {
    let entries = check_end(bytes)?;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).context("it is not a ZIP archive")?;
    ensure!(archive.len() == entries, "its end record counts {entries} entries, there are {}", archive.len());
    let mut bundle = Bundle::default();
    let mut oddities = Vec::new();
    let mut top = None;
    let mut total = 0;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).context("an entry cannot be read")?;
        let name = entry.name().to_owned();
        let (folder, path) = name.split_once('/').unwrap_or(("", name.as_str()));
        if *top.get_or_insert_with(|| folder.to_owned()) != folder
            || !is_plain_path(&name)
            || folder.is_empty()
        {
            oddities.push(Oddity { path: name, what: "its name does not belong into a bundle".to_owned() });
            continue;
        }
        let mut content = Vec::new();
        (&mut entry)
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut content)
            .with_context(|| format!("{name} cannot be read"))?;
        total += content.len() as u64;
        ensure!(
            content.len() as u64 <= LARGEST_FILE && total <= LARGEST_BUNDLE,
            "{name} is too large for a bundle"
        );
        if bundle.files.insert(path.to_owned(), content).is_some() {
            bail!("{path} is in it twice");
        }
    }
    // What is odd is told, and no bundle without a readable manifest is accepted.
    if let (true, Some(top), Some(manifest)) = (oddities.is_empty(), top, manifest_of(&bundle)) {
        let moment = Moment::from_epoch(manifest.source.time)?;
        ensure!(
            write_archive(&bundle, &top, moment)? == bytes,
            "it holds more than its files, or describes them otherwise than `cargo xtask package` does: take the archive \
             from its maker again"
        );
    }
    Ok((bundle, oddities))
}

fn manifest_of(bundle: &Bundle) -> Option<Manifest> {
    serde_json::from_slice(bundle.get(MANIFEST_FILE)?).ok()
}

/// Checks every byte of the end record and its comment; gives the number of entries.
fn check_end(bytes: &[u8]) -> Result<usize> {
    let Some(end) = bytes.len().checked_sub(END_RECORD + COMMENT_LENGTH) else {
        bail!("it is too short for an archive of a bundle");
    };
    let record = &bytes[end..];
    let u16_at = |at: usize| usize::from(u16::from_le_bytes([record[at], record[at + 1]]));
    let u32_at = |at: usize| u16_at(at) | u16_at(at + 2) << 16;
    if !record.starts_with(b"PK\x05\x06") || u16_at(20) != COMMENT_LENGTH {
        bail!(
            "it has no end record with a SHA-256 comment: not an archive that `cargo xtask package` made (verify the extracted folder instead)"
        );
    }
    ensure!(u32_at(4) == 0 && u16_at(8) == u16_at(10), "its end record names several disks");
    ensure!(u32_at(12) + u32_at(16) == end, "its end record does not point at its directory");
    ensure!(
        &record[END_RECORD..] == comment(&bytes[..end]).as_bytes(),
        "its SHA-256 comment does not match its contents"
    );
    Ok(u16_at(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Bundle {
        let files = [("a/b.txt", "b".repeat(200)), ("c.txt", "c".to_owned()), ("d.txt", String::new())];
        Bundle { files: files.map(|(path, text)| (path.to_owned(), text.into_bytes())).into() }
    }

    fn archive(bundle: &Bundle) -> Vec<u8> {
        write_archive(bundle, "top", Moment::from_epoch(1_767_225_600).unwrap()).unwrap()
    }

    #[test]
    fn what_was_written_is_read_and_is_the_same_every_time() {
        let bytes = archive(&sample());
        assert_eq!(read_archive(&bytes).unwrap(), (sample(), vec![]));
        assert_eq!(archive(&sample()), bytes);
    }

    #[test]
    fn each_changed_byte_is_noticed() {
        let bytes = archive(&sample());
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(read_archive(&changed).is_err(), "byte {at} bit {bit}");
            }
        }
    }

    /// Offset of the central directory.
    fn directory(bytes: &[u8]) -> usize {
        let at = bytes.len() - END_RECORD - COMMENT_LENGTH + 16;
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
    }

    /// Writes the comment anew, as anybody can, and reads the archive.
    fn refusal(mut bytes: Vec<u8>) -> String {
        let end = bytes.len() - END_RECORD - COMMENT_LENGTH;
        let sum = comment(&bytes[..end]);
        bytes[end + END_RECORD..].copy_from_slice(sum.as_bytes());
        read_archive(&bytes).unwrap_err().to_string()
    }

    #[test]
    fn an_archive_that_says_more_than_its_bundle_is_refused() {
        let parts = crate::package::assemble::samples::parts();
        let bundle = crate::package::assemble::samples::bundle();
        let good = write_archive(&bundle, "top", parts.moment).unwrap();
        assert_eq!(read_archive(&good).unwrap(), (bundle, vec![]));
        let start = directory(&good);

        // The first name as the local header has it; the directory keeps the other.
        let mut renamed = good.clone();
        assert_eq!(&renamed[30..34], b"top/");
        renamed[34] ^= 1;
        assert!(refusal(renamed).contains("describes them otherwise"));

        // The mode of the first entry: a link instead of a file.
        let mut link = good.clone();
        assert_eq!(&link[start..start + 4], b"PK\x01\x02");
        link[start + 38..start + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
        assert!(refusal(link).contains("describes them otherwise"));

        // Bytes between the last entry and the directory, whose place the end record tells.
        let mut hidden = good.clone();
        hidden.splice(start..start, *b"hidden");
        let at = hidden.len() - END_RECORD - COMMENT_LENGTH + 16;
        hidden[at..at + 4].copy_from_slice(&(start as u32 + 6).to_le_bytes());
        assert!(refusal(hidden).contains("holds more than its files"));
    }

    #[test]
    fn names_that_lead_out_are_told_and_not_taken() {
        let mut evil = Bundle::default();
        for path in ["../x", "a\\b", "ok.txt"] {
            evil.files.insert(path.to_owned(), Vec::new());
        }
        let (bundle, oddities) = read_archive(&archive(&evil)).unwrap();
        assert_eq!((bundle.files.len(), oddities.len()), (1, 2));
    }

    #[test]
    fn other_archives_are_refused_with_advice() {
        let plain = ZipWriter::new(Cursor::new(Vec::new())).finish().unwrap().into_inner();
        let long = [vec![0; 200], plain].concat();
        assert!(read_archive(&long).unwrap_err().to_string().contains("verify the extracted folder"));
    }
}
