//! The files a catalog vouches for, and which digest each is known by.

use anyhow::{Result, bail};

use crate::digest::Algorithm;
use crate::pe::{self, Image};

/// A file of a driver package under the name it is installed by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) name: &'a str,
    pub(crate) content: &'a [u8],
}

/// How Windows hashes a file: by what is in it, not by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hashing {
    /// The Authenticode digest of an image.
    Image,
    /// All bytes.
    Flat,
}

impl Payload<'_> {
    pub(super) fn hashing(&self) -> Hashing {
        if pe::claims_to_be_pe(self.content) { Hashing::Image } else { Hashing::Flat }
    }

    pub(super) fn digest(&self, algorithm: Algorithm) -> Result<Vec<u8>> {
        Ok(match self.hashing() {
            Hashing::Image => Image::parse(self.content)?.digest(algorithm),
            Hashing::Flat => algorithm.of(self.content),
        })
    }
}

/// Refuses files whose digest Windows computes in a way we do not: a catalog with a digest of ours would never match.
pub(crate) fn check_payload(payload: &Payload<'_>) -> Result<()> {
    let Payload { name, content } = payload;
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !name.is_ascii() {
        bail!("{name}: a catalog names files in ASCII only; rename it");
    }
    if content.starts_with(b"MSCF") || ["cab", "devicemetadata-ms"].contains(&extension) {
        bail!(
            "{name}: cabinets have a digest of their own kind, which is not supported; ship the files it contains"
        );
    }
    if content.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) || ["msi", "msp", "mst"].contains(&extension) {
        bail!("{name}: installer databases have a digest of their own kind, which is not supported");
    }
    if ["ps1", "psm1", "psd1", "ps1xml", "vbs", "js", "wsf"].contains(&extension) {
        bail!("{name}: scripts have a digest of their own kind, which is not supported");
    }
    if extension == "cat" {
        bail!("{name}: a catalog does not vouch for catalogs");
    }
    let image = Image::parse(content);
    if let Err(fault) = image
        && (["sys", "dll", "exe"].contains(&extension) || pe::claims_to_be_pe(content))
    {
        bail!("{name}: {fault}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::samples::image;

    fn refusal(name: &str, content: &[u8]) -> Option<String> {
        check_payload(&Payload { name, content }).err().map(|error| error.to_string())
    }

    #[test]
    fn what_windows_hashes_otherwise_is_refused() {
        for (name, content) in [
            ("a.cab", &b""[..]),
            ("a.bin", b"MSCF...."),
            ("a.msi", b""),
            ("a.bin", &[0xD0, 0xCF, 0x11, 0xE0]),
            ("a.PS1", b""),
            ("a.cat", b""),
            ("\u{e9}.txt", b""),
            ("a.sys", b"text"),
        ] {
            assert!(refusal(name, content).is_some(), "{name}");
        }
        let broken = &image(0x8664, b"")[..0x60];
        assert!(refusal("a.bin", broken).unwrap().starts_with("a.bin: headers"));
    }

    #[test]
    fn images_are_known_by_content_and_the_rest_is_flat() {
        let bytes = image(0x8664, b"");
        assert_eq!(refusal("a.sys", &bytes), None);
        assert_eq!(Payload { name: "firmware.bin", content: &bytes }.hashing(), Hashing::Image);
        assert_eq!(refusal("a.inf", b"[Version]"), None);
        assert_eq!(Payload { name: "a.inf", content: b"[Version]" }.hashing(), Hashing::Flat);
    }
}
