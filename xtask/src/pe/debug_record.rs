//! The debug record that joins an image to its symbols.

use super::{Image, PeFault, fault, u32_at};

const DEBUG_DIRECTORY: usize = 6;
const ENTRY: usize = 28;
/// IMAGE_DEBUG_TYPE_CODEVIEW.
const CODEVIEW: u32 = 2;
/// More entries are in no image.
const MOST_ENTRIES: usize = 64;

/// What an image says about its symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DebugRecord {
    /// The GUID that the symbols carry as well, in the byte order of the file.
    pub(crate) guid: [u8; 16],
    /// How often the symbols were written for the same link.
    pub(crate) age: u32,
    /// The name of the symbol file, as debuggers look for it.
    pub(crate) file: String,
}

impl DebugRecord {
    /// GUID and age as symbol servers write them.
    pub(crate) fn id(&self) -> String {
        symbol_id(&self.guid, self.age)
    }
}

/// A GUID, whose first three parts are little-endian in files, and an age, as symbol servers write them.
pub(crate) fn symbol_id(guid: &[u8; 16], age: u32) -> String {
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut text: String = order.iter().map(|at| format!("{:02X}", guid[*at])).collect();
    text.push_str(&format!("{age:X}"));
    text
}

impl Image<'_> {
    /// The CodeView record; nothing when the image names no symbols.
    pub(crate) fn debug_record(&self) -> Result<Option<DebugRecord>, PeFault> {
        let Some((address, size)) = self.directory(DEBUG_DIRECTORY) else {
            return Ok(None);
        };
        let broken = |what| fault("debug directory", what);
        let table = self
            .at_address(&self.sections()?, address)
            .and_then(|bytes| bytes.get(..size as usize))
            .ok_or_else(|| broken("it is not inside a section"))?;
        for entry in table.chunks_exact(ENTRY).take(MOST_ENTRIES) {
            let field = |at| u32_at(entry, at).unwrap_or_default();
            if field(12) != CODEVIEW {
                continue;
            }
            let start = field(24) as usize;
            let record = start
                .checked_add(field(16) as usize)
                .and_then(|end| self.bytes.get(start..end))
                .ok_or_else(|| broken("its CodeView record is not inside the file"))?;
            let (Some(b"RSDS"), Some(guid), Some(age)) =
                (record.get(..4), record.get(4..20).and_then(<[u8]>::first_chunk), u32_at(record, 20))
            else {
                return Err(broken("its CodeView record is of another kind than RSDS"));
            };
            let name = record[24..].split(|byte| *byte == 0).next().unwrap_or_default();
            let file = String::from_utf8_lossy(name).into_owned();
            return Ok(Some(DebugRecord { guid: *guid, age, file }));
        }
        Ok(None)
    }
}

#[cfg(test)]
pub(super) mod samples {
    //! An image that names its symbols.

    use super::super::samples::{SectionSample, image_with_sections};

    /// A PE32+ image whose symbols have this GUID.
    pub(crate) fn with_symbols(guid: [u8; 16]) -> Vec<u8> {
        let record = [&b"RSDS"[..], &guid, &1_u32.to_le_bytes(), b"a.pdb\0"].concat();
        let mut entry = vec![0; super::ENTRY];
        entry[12] = super::CODEVIEW as u8;
        entry[16..20].copy_from_slice(&(record.len() as u32).to_le_bytes());
        entry[24..28].copy_from_slice(&(0x200 + super::ENTRY as u32).to_le_bytes());
        let content = [entry, record].concat();
        let mut bytes = image_with_sections(&[SectionSample { name: ".rdata", flags: 0, content: &content }]);
        let at = 0x58 + 112 + super::DEBUG_DIRECTORY * 8;
        bytes[at..at + 4].copy_from_slice(&0x1000_u32.to_le_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&(super::ENTRY as u32).to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::samples::with_symbols;
    use super::*;

    const GUID: [u8; 16] =
        [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF];

    #[test]
    fn the_record_is_found_and_written_as_symbol_servers_do() {
        let bytes = with_symbols(GUID);
        let record = Image::parse(&bytes).unwrap().debug_record().unwrap().unwrap();
        assert_eq!(record.id(), "00112233445566778899AABBCCDDEEFF1");
        assert_eq!(record.file, "a.pdb");
    }

    #[test]
    fn a_record_outside_of_the_file_or_of_another_kind_is_refused() {
        let mut bytes = with_symbols(GUID);
        bytes[0x200 + 24..0x200 + 28].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Image::parse(&bytes).unwrap().debug_record().is_err());
        let mut bytes = with_symbols(GUID);
        bytes[0x200 + ENTRY] = b'N';
        assert!(Image::parse(&bytes).unwrap().debug_record().is_err());
    }
}
