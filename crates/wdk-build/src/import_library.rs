//! Writes an import library: the archive a linker reads to learn which image exports a routine.
//!
//! The format is the "short import" form of the PE/COFF specification: an archive whose members hold nothing but the
//! two names. rust-lld builds the import table from that alone. The bytes depend on the arguments only.

const MACHINE_AMD64: u16 = 0x8664;
/// A code import (type 0), found by its name as written (name type 1, in bits 2 to 4).
const CODE_BY_NAME: u16 = 1 << 2;

/// An import library for x86-64 that says: `image` exports `routines`.
pub(crate) fn import_library(image: &str, routines: &[&str]) -> Vec<u8> {
    let members: Vec<Vec<u8>> = routines.iter().map(|routine| short_import(image, routine)).collect();
    let names: Vec<String> =
        routines.iter().flat_map(|name| [format!("__imp_{name}"), (*name).to_owned()]).collect();
    let index_size = 4 + 4 * names.len() + names.iter().map(|name| name.len() + 1).sum::<usize>();

    let mut offset = MAGIC.len() + HEADER_SIZE + even(index_size);
    let mut offsets = Vec::new();
    for member in &members {
        // The routine is known under two names, its own and that of its import table entry.
        offsets.extend([offset, offset]);
        offset += HEADER_SIZE + even(member.len());
    }

    let mut index = Vec::with_capacity(index_size);
    index.extend(length(names.len()).to_be_bytes());
    index.extend(offsets.into_iter().flat_map(|offset| length(offset).to_be_bytes()));
    index.extend(names.iter().flat_map(|name| name.bytes().chain([0])));

    let mut archive = MAGIC.to_vec();
    push_member(&mut archive, "/", &index);
    for member in &members {
        push_member(&mut archive, &format!("{image}/"), member);
    }
    archive
}

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER_SIZE: usize = 60;

fn short_import(image: &str, routine: &str) -> Vec<u8> {
    let names: Vec<u8> = [routine, image].iter().flat_map(|name| name.bytes().chain([0])).collect();
    let mut object = Vec::new();
    for half in [0, 0xFFFF, 0, MACHINE_AMD64] {
        object.extend(half.to_le_bytes());
    }
    object.extend(0u32.to_le_bytes()); // no time stamp
    object.extend(length(names.len()).to_le_bytes());
    object.extend(0u16.to_le_bytes()); // no ordinal hint
    object.extend(CODE_BY_NAME.to_le_bytes());
    object.extend(names);
    object
}

fn push_member(archive: &mut Vec<u8>, name: &str, content: &[u8]) {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, content.len());
    archive.extend(header.bytes());
    archive.extend(content);
    archive.resize(even(archive.len()), b'\n');
}

const fn even(size: usize) -> usize {
    size + size % 2
}

fn length(size: usize) -> u32 {
    u32::try_from(size).expect("an import library is far smaller than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big_endian(bytes: &[u8], at: usize) -> usize {
        usize::try_from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
    }

    #[test]
    fn the_index_leads_to_the_member_of_each_name() {
        let library = import_library("ntoskrnl.exe", &["First", "Second"]);
        assert!(library.starts_with(b"!<arch>\n/               "));
        let index = MAGIC.len() + HEADER_SIZE;
        assert_eq!(big_endian(&library, index), 4);
        let names = &library[index + 20..index + 20 + 38];
        assert_eq!(names, b"__imp_First\0First\0__imp_Second\0Second\0");
        for (entry, routine) in [(0, "First"), (1, "First"), (2, "Second"), (3, "Second")] {
            let member = big_endian(&library, index + 4 + 4 * entry);
            assert!(library[member..].starts_with(b"ntoskrnl.exe/   "));
            let object = &library[member + HEADER_SIZE..];
            assert_eq!(object[..8], [0, 0, 0xFF, 0xFF, 0, 0, 0x64, 0x86]);
            let expected = format!("{routine}\0ntoskrnl.exe\0");
            assert_eq!(u32::from_le_bytes(object[12..16].try_into().unwrap()) as usize, expected.len());
            assert!(object[20..].starts_with(expected.as_bytes()));
        }
    }

    #[test]
    fn members_begin_at_even_offsets() {
        let library = import_library("a.sys", &["Odd", "Even"]);
        assert_eq!(library.len() % 2, 0);
        let index = MAGIC.len() + HEADER_SIZE;
        for entry in 0..4 {
            assert_eq!(big_endian(&library, index + 4 + 4 * entry) % 2, 0);
        }
    }
}
