//! The section table: which bytes of the file become which memory, and what may be done with it.

use super::{Image, PeFault, fault, u16_at, u32_at};

/// IMAGE_SCN_MEM_EXECUTE.
const EXECUTABLE: u32 = 0x2000_0000;
/// IMAGE_SCN_MEM_WRITE.
const WRITABLE: u32 = 0x8000_0000;
/// The loader takes no more.
const MOST_SECTIONS: u16 = 96;

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its name as far as it can be shown.
    pub(crate) name: String,
    /// Where it lies in memory, relative to the image.
    pub(crate) address: u32,
    /// How many bytes it has in memory.
    pub(crate) memory_size: u32,
    /// Where it lies in the file.
    pub(crate) file_at: u32,
    /// How many bytes it has in the file.
    pub(crate) file_size: u32,
    flags: u32,
}

impl Section {
    /// Whether code in it can be changed while it runs. Memory integrity (HVCI) does not load such an image.
    pub(crate) fn is_writable_code(&self) -> bool {
        self.flags & EXECUTABLE != 0 && self.flags & WRITABLE != 0
    }
}

impl<'a> Image<'a> {
    /// The sections in the order of their table; each must lie inside the file.
    pub(crate) fn sections(&self) -> Result<Vec<Section>, PeFault> {
        let cut_off = || fault("section table", "the file ends inside it");
        let count = u16_at(self.bytes, self.header_at + 6).ok_or_else(cut_off)?;
        if count > MOST_SECTIONS {
            return Err(fault(
                "section table",
                format!("it has {count} sections, Windows takes {MOST_SECTIONS}"),
            ));
        }
        let optional_size = u16_at(self.bytes, self.header_at + 20).ok_or_else(cut_off)?;
        let start = self.header_at + 24 + usize::from(optional_size);
        let entry = |number: u16| {
            let at = start + usize::from(number) * 40;
            let raw = self.bytes.get(at..at + 40).ok_or_else(cut_off)?;
            let field = |at| u32_at(raw, at).unwrap_or_default();
            let name = raw[..8].split(|byte| *byte == 0).next().unwrap_or_default();
            let section = Section {
                name: name.escape_ascii().to_string(),
                memory_size: field(8),
                address: field(12),
                file_size: field(16),
                file_at: field(20),
                flags: field(36),
            };
            let end = u64::from(section.file_at) + u64::from(section.file_size);
            if section.file_size != 0 && end > self.table_at as u64 {
                let what = format!("{} is not inside the file", section.name);
                return Err(fault("section table", what));
            }
            Ok(section)
        };
        (0..count).map(entry).collect()
    }

    /// The bytes of the file from the address `address` to the end of the section that holds it.
    pub(super) fn at_address(&self, sections: &[Section], address: u32) -> Option<&'a [u8]> {
        let section = sections.iter().find(|section| {
            (section.address..).contains(&address) && address - section.address < section.file_size
        })?;
        let start = section.file_at as usize + (address - section.address) as usize;
        self.bytes.get(start..(section.file_at as usize + section.file_size as usize))
    }

    /// What lies at the offset `at` of the file: a header, a section, or the certificate table.
    pub(crate) fn place_of(&self, at: usize) -> String {
        let table = self.header_at + 24;
        if at >= self.table_at {
            return "the certificate table".to_owned();
        }
        let fields = [
            (self.header_at + 8, 4, "the header's TimeDateStamp"),
            (self.checksum_at, 4, "the header's CheckSum"),
            (self.security_at, 8, "the header's security directory entry"),
        ];
        if let Some((_, _, name)) =
            fields.iter().find(|(start, size, _)| (*start..start + size).contains(&at))
        {
            return (*name).to_owned();
        }
        let sections = self.sections().unwrap_or_default();
        let within = |section: &&Section| {
            let start = section.file_at as usize;
            (start..start + section.file_size as usize).contains(&at)
        };
        match sections.iter().find(within) {
            Some(section) => {
                let address = section.address as usize + (at - section.file_at as usize);
                format!("section {}, address {address:#x}", section.name)
            }
            None if at < table => "the file header".to_owned(),
            None => "the headers".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{SectionSample, image_with_sections};
    use super::*;

    #[test]
    fn sections_are_read_with_their_rights() {
        let bytes = image_with_sections(&[
            SectionSample { name: ".text", flags: EXECUTABLE, content: b"code" },
            SectionSample { name: "both", flags: EXECUTABLE | WRITABLE, content: b"more" },
        ]);
        let image = Image::parse(&bytes).unwrap();
        let sections = image.sections().unwrap();
        assert_eq!((sections[0].name.as_str(), sections[0].is_writable_code()), (".text", false));
        assert!(sections[1].is_writable_code());
        assert_eq!(image.at_address(&sections, sections[1].address).unwrap(), b"more");
        assert_eq!(image.at_address(&sections, sections[1].address + 4), None);
    }

    #[test]
    fn a_section_outside_of_the_file_and_too_many_of_them_are_refused() {
        let bytes = image_with_sections(&[SectionSample { name: "a", flags: 0, content: b"code" }]);
        let mut outside = bytes.clone();
        let table = 0x40 + 24 + 240;
        outside[table + 16..table + 20].copy_from_slice(&0xFFFF_FFF0_u32.to_le_bytes());
        assert!(Image::parse(&outside).unwrap().sections().unwrap_err().what.contains("not inside the file"));
        let mut many = bytes;
        many[0x46..0x48].copy_from_slice(&97_u16.to_le_bytes());
        assert!(Image::parse(&many).unwrap().sections().is_err());
    }

    #[test]
    fn places_in_the_file_have_names() {
        let bytes = image_with_sections(&[SectionSample { name: ".text", flags: 0, content: b"code" }]);
        let image = Image::parse(&bytes).unwrap();
        assert_eq!(image.place_of(0x48), "the header's TimeDateStamp");
        let start = image.sections().unwrap()[0].file_at as usize;
        assert_eq!(image.place_of(start + 2), "section .text, address 0x1002");
        assert_eq!(image.place_of(bytes.len()), "the certificate table");
    }
}
