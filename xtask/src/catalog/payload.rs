//! The files a catalog vouches for, and which digest each is known by.

use anyhow::{Result, bail};

use crate::architecture::Architecture;
use crate::cabinet;
use crate::digest::Algorithm;
use crate::pe::{self, Image};

/// A file of a driver package under the name it is installed by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload<'a> {
    pub(super) name: &'a str,
    pub(super) content: &'a [u8],
}

/// How Windows hashes a file: by what is in it, not by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hashing {
    /// The Authenticode digest of an image.
    Image,
    /// All bytes.
    Flat,
}

impl Payload<'_> {
    pub(super) fn hashing(&self) -> Hashing {
        if pe::claims_to_be_pe(self.content) { Hashing::Image } else { Hashing::Flat }
    }

    /// Refuses what a catalog of ours cannot vouch for.
    pub(super) fn check(&self) -> Result<()> {
        check(self)
    }

    pub(super) fn digest(&self, algorithm: Algorithm) -> Result<Vec<u8>> {
        Ok(match self.hashing() {
            Hashing::Image => Image::parse(self.content)?.digest(algorithm),
            Hashing::Flat => algorithm.of(self.content),
        })
    }
}

/// Refuses a file whose digest Windows computes in a way we do not: a catalog with a digest of ours would never match.
fn check(payload: &Payload<'_>) -> Result<()> {
    let Payload { name, content } = payload;
    let lower = name.to_ascii_lowercase();
    let extension = lower.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !name.is_ascii() {
        bail!("{name}: a catalog names files in ASCII only; rename it");
    }
    if cabinet::claims_to_be_cabinet(content) || ["cab", "devicemetadata-ms"].contains(&extension) {
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
    let image = Image::parse(content);
    if let Err(fault) = image
        && (extension == "sys" || pe::claims_to_be_pe(content))
    {
        bail!("{name}: {fault}");
    }
    Ok(())
}

/// Says so when a driver's image runs on none of `expected`. Programs and libraries may be for another architecture,
/// which Windows emulates.
pub(super) fn wrong_machine(payload: &Payload<'_>, expected: &[Architecture]) -> Option<String> {
    let is_driver = payload.name.to_ascii_lowercase().ends_with(".sys");
    if !is_driver || expected.is_empty() || !pe::claims_to_be_pe(payload.content) {
        return None;
    }
    let machine = Image::parse(payload.content).ok()?.machine;
    if expected.iter().any(|architecture| architecture.machine() == machine) {
        return None;
    }
    let known = Architecture::OF_INFS.into_iter().find(|architecture| architecture.machine() == machine);
    let found = known.map_or_else(|| format!("machine {machine:#06x}"), |known| known.name().to_owned());
    let expected: Vec<&str> = expected.iter().map(|architecture| architecture.name()).collect();
    Some(format!("{} is an image for {found}, the INF is for {}", payload.name, expected.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::samples::image;

    fn refusal(name: &str, content: &[u8]) -> Option<String> {
        Payload { name, content }.check().err().map(|error| error.to_string())
    }

    #[test]
    fn what_windows_hashes_otherwise_is_refused() {
        for (name, content) in [
            ("a.cab", &b""[..]),
            ("a.bin", b"MSCF...."),
            ("a.msi", b""),
            ("a.bin", &[0xD0, 0xCF, 0x11, 0xE0]),
            ("a.PS1", b""),
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

    #[test]
    fn a_driver_runs_on_one_of_its_architectures() {
        let arm = image(0xAA64, b"");
        let wrong =
            |name: &str, expected: &[Architecture]| wrong_machine(&Payload { name, content: &arm }, expected);
        let both = [Architecture::X64, Architecture::Arm64];
        assert_eq!(wrong("a.sys", &both[..1]).unwrap(), "a.sys is an image for arm64, the INF is for x64");
        assert_eq!(wrong("a.sys", &both), None);
        assert_eq!(wrong("a.dll", &both[..1]), None);
        assert_eq!(wrong("a.sys", &[]), None);
    }
}
