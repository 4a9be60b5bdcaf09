//! The import table: what an image needs of others before it can be loaded.

use super::{Image, PeFault, fault, u32_at};

/// An image of more imports than this is none of ours to read.
const MOST: usize = 1 << 16;
/// Longer names are cut off by nobody's linker.
const LONGEST_NAME: usize = 4096;
/// All names together are shorter: a small file can name one long name many times, and descriptors without routines.
const MOST_TEXT: usize = 4 << 20;
const IMPORT_DIRECTORY: usize = 1;
/// DataDirectory entry of delay-loaded imports; the kernel's loader does not know them, but does not look either.
const DESCRIPTOR: usize = 20;

/// One imported routine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The module, in lower case.
    pub(crate) module: String,
    /// The routine's name; `#7` when it is imported by its number.
    pub(crate) routine: String,
}

impl Image<'_> {
    /// Every import, in the order of the table.
    pub(crate) fn imports(&self) -> Result<Vec<Import>, PeFault> {
        let sections = self.sections()?;
        let outside = || fault("import table", "it points outside of every section");
        let Some((address, _)) = self.directory(IMPORT_DIRECTORY) else {
            return Ok(Vec::new());
        };
        let table = self.at_address(&sections, address).ok_or_else(outside)?;
        let mut imports = Vec::new();
        let mut text_left = MOST_TEXT;
        for descriptor in table.chunks_exact(DESCRIPTOR) {
            let field = |at| u32_at(descriptor, at).unwrap_or_default();
            let (lookup, name, bound) = (field(0), field(12), field(16));
            if name == 0 {
                return Ok(imports);
            }
            let mut text = |address: u32, besides: usize| {
                let bytes = self.at_address(&sections, address).ok_or_else(outside)?;
                let length =
                    bytes.iter().take(LONGEST_NAME).position(|byte| *byte == 0).ok_or_else(outside)?;
                let too_much =
                    || fault("import table", format!("its names have more than {MOST_TEXT} bytes"));
                text_left = text_left.checked_sub(length + besides + 1).ok_or_else(too_much)?;
                Ok::<String, PeFault>(bytes[..length].escape_ascii().to_string())
            };
            let module = text(name, 0)?.to_ascii_lowercase();
            let slots =
                self.at_address(&sections, if lookup == 0 { bound } else { lookup }).ok_or_else(outside)?;
            for slot in slots.chunks_exact(if self.wide { 8 } else { 4 }) {
                let low = u32_at(slot, 0).unwrap_or_default();
                let high = if self.wide { u32_at(slot, 4).unwrap_or_default() } else { low };
                if low == 0 && (high == 0 || !self.wide) {
                    break;
                }
                if imports.len() == MOST {
                    return Err(fault("import table", format!("it has more than {MOST} entries")));
                }
                let by_number = high & 0x8000_0000 != 0;
                // Each routine carries the name of its module.
                let routine = match by_number {
                    true => format!("#{}", low & 0xFFFF),
                    false => text(low.wrapping_add(2), module.len())?,
                };
                imports.push(Import { module: module.clone(), routine });
            }
        }
        Err(fault("import table", "it has no end"))
    }
}

#[cfg(test)]
pub(super) mod samples {
    //! An image that imports.

    use super::super::samples::{SectionSample, image_with_sections};

    /// A PE32+ image that imports `routines` from `module`.
    pub(crate) fn importing(module: &str, routines: &[&str]) -> Vec<u8> {
        const BASE: u32 = 0x1000;
        let slots_at = 2 * super::DESCRIPTOR;
        let names_at = slots_at + (routines.len() + 1) * 8;
        let mut names = Vec::new();
        let mut slots = Vec::new();
        for routine in routines {
            slots.extend_from_slice(&u64::from(BASE + (names_at + names.len()) as u32).to_le_bytes());
            names.extend_from_slice(&[0, 0]);
            names.extend_from_slice(routine.as_bytes());
            names.push(0);
        }
        slots.extend_from_slice(&[0; 8]);
        let module_at = BASE + (names_at + names.len()) as u32;
        names.extend_from_slice(module.as_bytes());
        names.push(0);
        let mut content = vec![0; slots_at];
        content[..4].copy_from_slice(&(BASE + slots_at as u32).to_le_bytes());
        content[12..16].copy_from_slice(&module_at.to_le_bytes());
        content.extend(slots);
        content.extend(names);
        let mut bytes = image_with_sections(&[SectionSample { name: ".rdata", flags: 0, content: &content }]);
        bytes[0x58 + 112 + 8..][..4].copy_from_slice(&BASE.to_le_bytes());
        bytes[0x58 + 112 + 12..][..4].copy_from_slice(&40_u32.to_le_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::samples::importing;
    use super::*;

    #[test]
    fn imports_are_read_by_module_and_name() {
        let bytes = importing("NTOSKRNL.exe", &["KeSetEvent", "ZwClose"]);
        let imports = Image::parse(&bytes).unwrap().imports().unwrap();
        let named = |routine: &str| Import { module: "ntoskrnl.exe".into(), routine: routine.into() };
        assert_eq!(imports, [named("KeSetEvent"), named("ZwClose")]);
    }

    #[test]
    fn an_image_without_imports_has_none() {
        let bytes = super::super::samples::image(0x8664, b"");
        assert_eq!(Image::parse(&bytes).unwrap().imports(), Ok(vec![]));
    }

    #[test]
    fn a_long_name_that_is_named_many_times_is_too_much() {
        let name = "n".repeat(LONGEST_NAME - 1);
        let few = importing("m", &[name.as_str(); 4]);
        assert_eq!(Image::parse(&few).unwrap().imports().unwrap().len(), 4);
        // The slots of an image that names one routine, again and again.
        let mut bytes = importing("m", &vec!["a"; 2000]);
        let start = 0x200 + 2 * DESCRIPTOR;
        let names = 0x1000 + (bytes.len() - 0x200) as u32;
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        for slot in 0..2000 {
            bytes[start + slot * 8..][..4].copy_from_slice(&names.to_le_bytes());
        }
        let size = (bytes.len() - 0x200) as u32;
        let table = 0x40 + 24 + 240;
        bytes[table + 8..table + 12].copy_from_slice(&size.to_le_bytes());
        bytes[table + 16..table + 20].copy_from_slice(&size.to_le_bytes());
        let error = Image::parse(&bytes).unwrap().imports().unwrap_err();
        assert!(error.what.contains("names have more than"), "{error}");
    }

    #[test]
    fn no_changed_byte_makes_the_reader_panic_or_hang() {
        let bytes = importing("ntoskrnl.exe", &["KeSetEvent"]);
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] = value;
                if let Ok(image) = Image::parse(&changed) {
                    let _ = image.imports();
                }
            }
        }
    }
}
