//! Symbol files (PDB): the identity by which a debugger joins one to its image, read from bytes that may be hostile.

use crate::pe::symbol_id;

const MAGIC: &[u8; 32] = b"Microsoft C/C++ MSF 7.00\r\n\x1ADS\0\0\0";
/// The stream that holds the identity.
const INFORMATION: usize = 1;
/// A stream of no bytes, in the directory.
const ABSENT: u32 = u32::MAX;

/// The GUID and age of the symbol file `bytes`, as symbol servers write them.
pub(crate) fn id(bytes: &[u8]) -> Result<String, &'static str> {
    let file = File::open(bytes)?;
    let information = file.information()?;
    let (Some(guid), Some(age)) =
        (information.get(12..28).and_then(<[u8]>::first_chunk), u32_at(&information, 8))
    else {
        return Err("its information stream is too short");
    };
    Ok(symbol_id(guid, age))
}

/// The container: a file in pages, with a directory of streams, whose own pages are listed in yet another one.
struct File<'a> {
    bytes: &'a [u8],
    page: usize,
    directory: Vec<u8>,
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, &'static str> {
        if !bytes.starts_with(MAGIC) {
            return Err("it is not a symbol file (MSF 7.00)");
        }
        let field = |at| u32_at(bytes, at).ok_or("its first page is cut off");
        let page = field(32)? as usize;
        if ![512, 1024, 2048, 4096, 8192].contains(&page) {
            return Err("its page size is none that is in use");
        }
        let size = field(44)? as usize;
        if size > bytes.len() {
            return Err("its directory is larger than the file");
        }
        let mut file = Self { bytes, page, directory: Vec::new() };
        let map = file.page(field(52)?)?;
        file.directory = file.stream(map, size)?;
        Ok(file)
    }

    fn page(&self, number: u32) -> Result<&'a [u8], &'static str> {
        let start = (number as usize).checked_mul(self.page);
        start
            .and_then(|start| self.bytes.get(start..start.checked_add(self.page)?))
            .ok_or("it names a page that it does not have")
    }

    /// The first `size` bytes of the pages whose numbers are in `pages`.
    fn stream(&self, pages: &[u8], size: usize) -> Result<Vec<u8>, &'static str> {
        let numbers = pages.get(..size.div_ceil(self.page) * 4).ok_or("a list of pages is cut off")?;
        let mut content = Vec::with_capacity(size);
        for number in numbers.chunks_exact(4) {
            content.extend_from_slice(self.page(u32_at(number, 0).unwrap_or(ABSENT))?);
        }
        content.truncate(size);
        Ok(content)
    }

    fn information(&self) -> Result<Vec<u8>, &'static str> {
        let cut_off = "its directory is cut off";
        let count = u32_at(&self.directory, 0).ok_or(cut_off)? as usize;
        if count <= INFORMATION || count > self.directory.len() / 4 {
            return Err("its directory has no information stream");
        }
        let size = |stream: usize| match u32_at(&self.directory, 4 + stream * 4) {
            Some(ABSENT) => Ok(0),
            Some(size) if size as usize <= self.bytes.len() => Ok(size as usize),
            _ => Err(cut_off),
        };
        let before: usize = (0..INFORMATION)
            .map(|stream| size(stream).map(|size| size.div_ceil(self.page)))
            .sum::<Result<_, _>>()?;
        let pages = self.directory.get(4 + (count + before) * 4..).ok_or(cut_off)?;
        self.stream(pages, size(INFORMATION)?)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|raw| u32::from_le_bytes(*raw))
}

#[cfg(test)]
pub(crate) mod samples {
    //! Small symbol files.

    use super::*;

    /// A symbol file with this GUID: first page, free page map, map, directory, information stream.
    pub(crate) fn symbols(guid: [u8; 16]) -> Vec<u8> {
        const PAGE: usize = 512;
        let mut bytes = vec![0; PAGE * 5];
        bytes[..32].copy_from_slice(MAGIC);
        let mut put = |at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        put(32, PAGE as u32);
        put(40, 5);
        put(44, 16);
        put(52, 2);
        put(PAGE * 2, 3);
        // Two streams: the first without bytes, the second on page 4.
        put(PAGE * 3, 2);
        put(PAGE * 3 + 4, ABSENT);
        put(PAGE * 3 + 8, 28);
        put(PAGE * 3 + 12, 4);
        put(PAGE * 4 + 8, 1);
        bytes[PAGE * 4 + 12..PAGE * 4 + 28].copy_from_slice(&guid);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identity_is_read() {
        let mut guid = [0; 16];
        guid[0] = 0xAB;
        assert_eq!(id(&samples::symbols(guid)).unwrap(), "000000AB0000000000000000000000001");
    }

    #[test]
    fn what_is_no_symbol_file_is_told() {
        assert!(id(b"symbols").unwrap_err().contains("not a symbol file"));
        let good = samples::symbols([1; 16]);
        assert!(id(&good[..512 * 4]).unwrap_err().contains("a page that it does not have"));
    }

    #[test]
    fn no_changed_byte_makes_the_reader_panic() {
        let good = samples::symbols([1; 16]);
        for at in (0..64).chain(512 * 2..512 * 2 + 8).chain(512 * 3..512 * 3 + 24) {
            for value in [0, 1, 2, 0x7F, 0x80, 0xFF] {
                let mut changed = good.clone();
                changed[at] = value;
                let _ = id(&changed);
            }
        }
    }
}
