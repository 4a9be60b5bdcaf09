//! Whether bytes are canonical DER. Windows refuses catalogs whose sets are not in ascending order, and no other reader
//! on this side tells; a reader that accepts one encoding only also leaves no room for changed bytes.

use std::fmt;

/// Elements nested deeper than this are nothing we know.
const DEEPEST: usize = 40;

/// Where and why bytes are not canonical DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) offset: usize,
    pub(crate) what: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "not canonical DER at byte {}: {}", self.offset, self.what)
    }
}

impl std::error::Error for Fault {}

/// Checks that `bytes` are one element in canonical DER, with nothing after it.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Fault> {
    let end = Reader { bytes }.element(0, bytes.len(), 0)?;
    if end == bytes.len() { Ok(()) } else { Err(fault(end, "bytes after the end")) }
}

/// Checks that the elements of `contents` stand in ascending order, each once, as in a SET OF. For sets whose tag hides
/// that they are sets.
pub(crate) fn check_ascending(contents: &[u8]) -> Result<(), Fault> {
    let mut previous: Option<&[u8]> = None;
    let mut at = 0;
    while at < contents.len() {
        let header = Reader { bytes: contents }.header(at, contents.len())?;
        let element = &contents[at..header.end];
        if previous.is_some_and(|previous| previous >= element) {
            return Err(fault(at, "the elements of a set are not in ascending order"));
        }
        previous = Some(element);
        at = header.end;
    }
    Ok(())
}

/// The contents of `element`, without tag and length. Empty when its header is not canonical.
pub(crate) fn contents(element: &[u8]) -> &[u8] {
    match (Reader { bytes: element }).header(0, element.len()) {
        Ok(header) => &element[header.contents..header.end],
        Err(_) => &[],
    }
}

/// The elements inside `element`, up to the first whose header is not canonical.
pub(crate) fn children(element: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = contents(element);
    std::iter::from_fn(move || {
        let header = Reader { bytes: rest }.header(0, rest.len()).ok()?;
        let (child, after) = rest.split_at(header.end);
        rest = after;
        Some(child)
    })
}

/// The element with this tag and these contents, in canonical form.
pub(crate) fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let digits = &length[length.iter().take_while(|digit| **digit == 0).count()..];
    let mut element = vec![tag];
    match digits {
        [] => element.push(0),
        [short @ 0..0x80] => element.push(*short),
        long => {
            element.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            element.extend(long);
        }
    }
    element.extend(contents);
    element
}

struct Reader<'a> {
    bytes: &'a [u8],
}

struct Header {
    tag: u8,
    contents: usize,
    end: usize,
}

fn fault(offset: usize, what: &'static str) -> Fault {
    Fault { offset, what }
}

impl Reader<'_> {
    fn header(&self, at: usize, limit: usize) -> Result<Header, Fault> {
        let bytes = &self.bytes[..limit];
        let [tag, first, ..] = bytes[at..] else {
            return Err(fault(at, "an element is cut off"));
        };
        if tag & 0x1F == 0x1F {
            return Err(fault(at, "a tag number of several bytes"));
        }
        let (length, contents) = if first < 0x80 {
            (usize::from(first), at + 2)
        } else {
            let count = usize::from(first & 0x7F);
            if !(1..=4).contains(&count) {
                return Err(fault(at + 1, "a length that is indefinite or too long"));
            }
            let digits = bytes.get(at + 2..at + 2 + count).ok_or(fault(at + 1, "a length is cut off"))?;
            let length = digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit));
            if digits[0] == 0 || length < 0x80 {
                return Err(fault(at + 1, "a length with more bytes than it needs"));
            }
            (length, at + 2 + count)
        };
        let end = contents.checked_add(length).filter(|end| *end <= limit);
        end.map(|end| Header { tag, contents, end })
            .ok_or(fault(at, "an element is longer than what holds it"))
    }

    /// Checks the element at `at` and returns where it ends.
    fn element(&self, at: usize, limit: usize, depth: usize) -> Result<usize, Fault> {
        if depth > DEEPEST {
            return Err(fault(at, "elements nested too deep"));
        }
        let Header { tag, contents, end } = self.header(at, limit)?;
        if tag & 0x20 == 0 {
            primitive(tag, &self.bytes[contents..end]).map_err(|what| fault(at, what))?;
            return Ok(end);
        }
        let universal = tag & 0xC0 == 0;
        if universal && tag != 0x30 && tag != 0x31 {
            return Err(fault(at, "a value in several parts"));
        }
        let mut child = contents;
        while child < end {
            child = self.element(child, end, depth + 1)?;
        }
        if tag == 0x31 {
            check_ascending(&self.bytes[contents..end])
                .map_err(|inner| fault(contents + inner.offset, inner.what))?;
        }
        Ok(end)
    }
}

fn primitive(tag: u8, value: &[u8]) -> Result<(), &'static str> {
    match (tag, value) {
        (0x01, [0x00 | 0xFF]) | (0x05, []) => Ok(()),
        (0x01, _) => Err("a BOOLEAN that is neither 00 nor FF"),
        (0x05, _) => Err("a NULL with contents"),
        (0x02 | 0x0A, []) => Err("an INTEGER without digits"),
        (0x02 | 0x0A, [0x00, 0x00..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..]) => {
            Err("an INTEGER with more bytes than it needs")
        }
        (0x03, []) => Err("a BIT STRING without its first byte"),
        (0x03, [0]) => Ok(()),
        (0x03, [unused, .., last]) if *unused <= 7 && last.trailing_zeros() >= u32::from(*unused) => Ok(()),
        (0x03, _) => Err("a BIT STRING whose unused bits are not zero"),
        (0x06, _) => object_identifier(value),
        (0x10 | 0x11, _) => Err("a SEQUENCE or SET that is not constructed"),
        _ => Ok(()),
    }
}

fn object_identifier(value: &[u8]) -> Result<(), &'static str> {
    let mut fresh = true;
    for byte in value {
        if fresh && *byte == 0x80 {
            return Err("an OBJECT IDENTIFIER with more bytes than it needs");
        }
        fresh = byte & 0x80 == 0;
    }
    if fresh && !value.is_empty() { Ok(()) } else { Err("an OBJECT IDENTIFIER that is cut off") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused(bytes: &[u8], offset: usize, what: &str) {
        let fault = check(bytes).unwrap_err();
        assert!(fault.offset == offset && fault.what.contains(what), "{fault}");
    }

    #[test]
    fn canonical_elements_are_accepted() {
        let good: [&[u8]; 9] = [
            &[0x05, 0],
            &[0x30, 0],
            &[0x02, 1, 0x80],
            &[0x02, 2, 0x00, 0x80],
            &[0x03, 2, 0x04, 0xF0],
            &[0x06, 3, 0x2A, 0x86, 0x48],
            &[0x31, 6, 0x02, 1, 1, 0x02, 1, 2],
            &[0xA0, 2, 0x05, 0],
            &[0x80, 0],
        ];
        for bytes in good {
            assert_eq!(check(bytes), Ok(()), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_is_made_is_canonical_at_every_length() {
        for length in [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x1_0000] {
            let made = element(0x04, &vec![7; length]);
            assert_eq!((check(&made), contents(&made).len()), (Ok(()), length));
        }
    }

    #[test]
    fn each_other_form_is_refused() {
        refused(&[], 0, "cut off");
        refused(&[0x05, 0, 0], 2, "after the end");
        refused(&[0x30, 0x80, 0, 0], 1, "indefinite");
        refused(&[0x04, 0x81, 1, 0], 1, "more bytes than it needs");
        refused(&[0x04, 0x82, 0, 0x80], 1, "more bytes than it needs");
        refused(&[0x30, 3, 0x04, 2, 0], 2, "longer than what holds it");
        refused(&[0x30, 2, 0x02, 0], 2, "INTEGER");
        refused(&[0x02, 2, 0x00, 0x7F], 0, "INTEGER");
        refused(&[0x02, 2, 0xFF, 0x80], 0, "INTEGER");
        refused(&[0x01, 1, 1], 0, "BOOLEAN");
        refused(&[0x03, 2, 0x04, 0xF8], 0, "BIT STRING");
        refused(&[0x06, 2, 0x80, 1], 0, "OBJECT IDENTIFIER");
        refused(&[0x06, 1, 0x81], 0, "OBJECT IDENTIFIER");
        refused(&[0x24, 2, 0x04, 0], 0, "several parts");
        refused(&[0x10, 0], 0, "not constructed");
        refused(&[0x1F, 0x81, 0], 0, "several bytes");
    }

    #[test]
    fn sets_must_ascend() {
        refused(&[0x31, 6, 0x02, 1, 2, 0x02, 1, 1], 5, "ascending");
        refused(&[0x31, 6, 0x02, 1, 2, 0x02, 1, 2], 5, "ascending");
        assert!(check_ascending(&[0x02, 1, 2, 0x02, 1, 1]).is_err());
    }

    #[test]
    fn deep_nesting_does_not_exhaust_the_stack() {
        let mut bytes = vec![0x05, 0];
        for _ in 0..30_000 {
            let length = bytes.len();
            let mut outer = vec![0x30];
            match length {
                0..0x80 => outer.push(length as u8),
                0x80..0x100 => outer.extend([0x81, length as u8]),
                0x100..0x1_0000 => outer.extend([0x82, (length >> 8) as u8, length as u8]),
                _ => outer.extend([0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]),
            }
            if length > 0x1_0000 {
                break;
            }
            outer.extend(bytes);
            bytes = outer;
        }
        assert_eq!(check(&bytes).unwrap_err().what, "elements nested too deep");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = check(&bytes);
            let _ = check_ascending(&bytes);
        }
    }
}
