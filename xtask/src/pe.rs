//! Portable executables (PE): the few header fields that signing needs, read from bytes that may be hostile.

mod certificate_table;
mod debug_record;
mod exports;
mod image_digest;
mod imports;
mod sections;

pub(crate) use certificate_table::attach_signature;
pub(crate) use debug_record::symbol_id;
pub(crate) use imports::Import;

/// Why bytes are not an image we can sign or check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {what}")]
pub(crate) struct PeFault {
    /// The header field.
    pub(crate) field: &'static str,
    /// What is wrong with it.
    pub(crate) what: String,
}

fn fault(field: &'static str, what: impl Into<String>) -> PeFault {
    PeFault { field, what: what.into() }
}

/// Where the security directory's entry stands among the data directories.
const SECURITY_DIRECTORY: usize = 4;

/// A PE image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image<'a> {
    bytes: &'a [u8],
    /// The machine field.
    pub(crate) machine: u16,
    /// Offset of the PE signature.
    header_at: usize,
    /// Offset of the data directories.
    directories_at: usize,
    /// How many data directories the header says there are.
    directory_count: usize,
    /// Whether addresses have 8 bytes, not 4.
    wide: bool,
    /// Offset of the CheckSum field, 4 bytes.
    checksum_at: usize,
    /// Offset of the security directory's entry, 8 bytes.
    security_at: usize,
    /// Where the certificate table starts; the end of the file when there is none.
    table_at: usize,
}

/// Whether `bytes` claim to be a PE image. What does not is hashed as a flat file.
pub(crate) fn claims_to_be_pe(bytes: &[u8]) -> bool {
    let header = u32_at(bytes, 0x3C).and_then(|at| bytes.get(usize::try_from(at).ok()?..));
    bytes.starts_with(b"MZ") && header.is_some_and(|header| header.starts_with(b"PE\0\0"))
}

impl<'a> Image<'a> {
    /// Reads the headers. A certificate table, when there is one, must be the end of the file.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, PeFault> {
        if !claims_to_be_pe(bytes) {
            return Err(fault("signature", "this is not a PE image"));
        }
        let cut_off = || fault("headers", "the file ends inside the headers");
        let header = u32_at(bytes, 0x3C).and_then(|at| usize::try_from(at).ok()).ok_or_else(cut_off)?;
        let machine = u16_at(bytes, header + 4).ok_or_else(cut_off)?;
        let optional_size = usize::from(u16_at(bytes, header + 20).ok_or_else(cut_off)?);
        let optional = header + 24;
        let (wide, directories) = match u16_at(bytes, optional).ok_or_else(cut_off)? {
            0x20B => (true, optional + 112),
            0x10B => (false, optional + 96),
            magic => {
                return Err(fault(
                    "optional header",
                    format!("magic number {magic:#x} is neither PE32 nor PE32+"),
                ));
            }
        };
        let count = u32_at(bytes, directories - 4).ok_or_else(cut_off)?;
        let security_at = directories + SECURITY_DIRECTORY * 8;
        if count as usize <= SECURITY_DIRECTORY || security_at + 8 > optional + optional_size {
            return Err(fault("data directories", "there is no room for a certificate table"));
        }
        let table = u32_at(bytes, security_at).ok_or_else(cut_off)?;
        let size = u32_at(bytes, security_at + 4).ok_or_else(cut_off)?;
        let table_at = table_start(bytes.len(), security_at + 8, table, size)?;
        let room = (optional + optional_size - directories) / 8;
        Ok(Self {
            bytes,
            machine,
            header_at: header,
            directories_at: directories,
            directory_count: room.min(count as usize),
            wide,
            checksum_at: optional + 64,
            security_at,
            table_at,
        })
    }

    /// Address and size of data directory `number`; nothing when it is absent.
    fn directory(&self, number: usize) -> Option<(u32, u32)> {
        if number >= self.directory_count {
            return None;
        }
        let at = self.directories_at + number * 8;
        let (address, size) = (u32_at(self.bytes, at)?, u32_at(self.bytes, at + 4)?);
        (address != 0 && size != 0).then_some((address, size))
    }

    /// The CheckSum field.
    pub(crate) fn stored_checksum(&self) -> u32 {
        u32_at(self.bytes, self.checksum_at).unwrap_or_default()
    }
}

/// Checks the security directory's entry: nothing, or an aligned table that ends the file.
fn table_start(length: usize, headers: usize, table: u32, size: u32) -> Result<usize, PeFault> {
    let (table, size) = (table as usize, size as usize);
    if table == 0 && size == 0 {
        return Ok(length);
    }
    let field = "security directory";
    if table % 8 != 0 || size % 8 != 0 || size == 0 {
        return Err(fault(field, "the certificate table is not aligned to 8 bytes"));
    }
    if table < headers || table.checked_add(size) != Some(length) {
        return Err(fault(field, "the certificate table is not the end of the file"));
    }
    Ok(table)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|raw| u16::from_le_bytes(*raw))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|raw| u32::from_le_bytes(*raw))
}

#[cfg(test)]
pub(crate) mod samples {
    //! Small images made by hand.

    /// A PE32+ image for `machine` whose contents end with `payload`.
    pub(crate) fn image(machine: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 0x200];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3C] = 0x40;
        bytes[0x40..0x44].copy_from_slice(b"PE\0\0");
        bytes[0x44..0x46].copy_from_slice(&machine.to_le_bytes());
        bytes[0x54..0x56].copy_from_slice(&240u16.to_le_bytes());
        bytes[0x58..0x5A].copy_from_slice(&0x20Bu16.to_le_bytes());
        bytes[0x58 + 108] = 16;
        bytes.extend_from_slice(payload);
        bytes
    }

    /// A section of a synthetic image.
    #[derive(Clone, Copy)]
    pub(crate) struct SectionSample<'a> {
        pub(crate) name: &'a str,
        pub(crate) flags: u32,
        pub(crate) content: &'a [u8],
    }

    /// A PE32+ image for x64 with these sections, at 0x1000, 0x2000 and so on in memory; the first is at 0x200 in the
    /// file.
    pub(crate) fn image_with_sections(sections: &[SectionSample<'_>]) -> Vec<u8> {
        let mut bytes = image(0x8664, b"");
        bytes[0x46..0x48].copy_from_slice(&(sections.len() as u16).to_le_bytes());
        for (number, section) in sections.iter().enumerate() {
            let at = 0x40 + 24 + 240 + number * 40;
            let fields = [
                section.content.len() as u32,
                0x1000 * (number as u32 + 1),
                section.content.len() as u32,
                bytes.len() as u32,
            ];
            bytes[at..at + section.name.len()].copy_from_slice(section.name.as_bytes());
            for (index, value) in fields.iter().enumerate() {
                bytes[at + 8 + index * 4..][..4].copy_from_slice(&value.to_le_bytes());
            }
            bytes[at + 36..at + 40].copy_from_slice(&section.flags.to_le_bytes());
            bytes.extend_from_slice(section.content);
        }
        bytes
    }

    pub(crate) use super::debug_record::samples::with_symbols;
    pub(crate) use super::imports::samples::importing;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::samples::image;
    use super::*;

    #[test]
    fn the_header_fields_are_found() {
        let bytes = image(0x8664, b"payload");
        let image = Image::parse(&bytes).unwrap();
        assert_eq!((image.machine, image.checksum_at, image.security_at), (0x8664, 0x98, 0xE8));
        assert_eq!(image.table_at, bytes.len());
    }

    #[test]
    fn what_is_no_image_is_told_by_field() {
        let refused = |bytes: &[u8]| Image::parse(bytes).unwrap_err().field;
        assert_eq!(refused(b"MZ"), "signature");
        assert_eq!(refused(&image(1, b"")[..0x48]), "headers");
        let changed = |at: usize, value: u8| {
            let mut bytes = image(1, b"");
            bytes[at] = value;
            refused(&bytes)
        };
        assert_eq!(changed(0x58, 0), "optional header");
        assert_eq!(changed(0x58 + 108, 4), "data directories");
        assert_eq!(changed(0x54, 0x60), "data directories");
        assert_eq!(changed(0xE8, 8), "security directory");
    }

    #[test]
    fn a_certificate_table_must_end_the_file() {
        let headers = 0xF0;
        assert_eq!(table_start(0x210, headers, 0x200, 0x10), Ok(0x200));
        for (table, size) in
            [(0x200, 0x08), (0x204, 0x0C), (0x200, 0x18), (0x10, 0x200), (0xFFFF_FFF8, 0x218), (0, 8)]
        {
            assert!(table_start(0x210, headers, table, size).is_err(), "{table:#x} {size:#x}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(at in 0usize..0x100, value: u32, cut in 0usize..0x210) {
            let mut bytes = image(0x8664, b"payload!");
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            bytes.truncate(cut);
            if let Ok(image) = Image::parse(&bytes) {
                let _ = (image.digest(crate::digest::Algorithm::Sha256), image.checksum(), image.signature());
                let _ = (image.sections(), image.imports(), image.debug_record());
            }
        }
    }
}
