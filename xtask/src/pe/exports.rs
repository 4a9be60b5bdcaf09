//! The export table: what an image offers by name.

use super::{Image, PeFault, fault, u16_at, u32_at};

const EXPORT_DIRECTORY: usize = 0;
/// An image of more exports than this is none of ours to read.
const MOST: u32 = 1 << 16;

impl Image<'_> {
    /// The address, relative to the image, of what is exported as `name`; nothing if nothing is.
    pub(crate) fn exported(&self, name: &str) -> Result<Option<u32>, PeFault> {
        let Some((address, _)) = self.directory(EXPORT_DIRECTORY) else {
            return Ok(None);
        };
        let outside = || fault("export table", "it points outside of every section");
        let sections = self.sections()?;
        let at = |address| self.at_address(&sections, address).ok_or_else(outside);
        let table = at(address)?;
        let field = |at| u32_at(table, at).ok_or_else(outside);
        let (count, functions, names, ordinals) = (field(24)?, field(28)?, field(32)?, field(36)?);
        if count > MOST {
            return Err(fault("export table", format!("it has {count} names, more than {MOST}")));
        }
        if count == 0 {
            return Ok(None);
        }
        let (names, ordinals) = (at(names)?, at(ordinals)?);
        for index in 0..count as usize {
            let found = at(u32_at(names, index * 4).ok_or_else(outside)?)?;
            if found.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&0)) {
                let ordinal = u16_at(ordinals, index * 2).ok_or_else(outside)?;
                let function = u32_at(at(functions)?, usize::from(ordinal) * 4).ok_or_else(outside)?;
                return Ok(Some(function));
            }
        }
        Ok(None)
    }

    /// The bytes behind the absolute address `address`, as the linker wrote it, to the end of their section.
    pub(crate) fn at_absolute_address(&self, address: u64) -> Option<&[u8]> {
        let base_at = self.header_at + 24 + if self.wide { 24 } else { 28 };
        let base = u32_at(self.bytes, base_at)?;
        let high = if self.wide { u32_at(self.bytes, base_at + 4)? } else { 0 };
        let relative = address.checked_sub(u64::from(high) << 32 | u64::from(base))?;
        self.at_relative_address(u32::try_from(relative).ok()?)
    }

    /// The bytes at `address`, relative to the image, to the end of their section.
    pub(crate) fn at_relative_address(&self, address: u32) -> Option<&[u8]> {
        self.at_address(&self.sections().ok()?, address)
    }
}
