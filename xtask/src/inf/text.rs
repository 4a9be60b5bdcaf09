//! From the bytes of an INF file to its characters: ANSI, UTF-8, or UTF-16 with or without a byte order mark.

use super::{Place, Problem, rule};

/// Larger than any driver's INF; keeps hostile ones from taking for ever.
const LARGEST: usize = 4 << 20;

/// The text of a file, and what is odd about how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) oddity: Option<Problem>,
}

/// Decodes the bytes of an INF file. A byte order mark is not part of the text.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Problem> {
    if bytes.len() > LARGEST {
        let what = format!("the file has {} bytes, more than {LARGEST} are not read", bytes.len());
        return Err(Problem::new(rule::SIZE, Place::START, what, "split it"));
    }
    let (text, oddity) = if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        (utf16(rest, u16::from_le_bytes)?, None)
    } else if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        (utf16(rest, u16::from_be_bytes)?, odd("UTF-16 with the high byte first"))
    } else if let Some(rest) = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        let text = str::from_utf8(rest).map_err(|error| {
            foreign_byte(rest, error.valid_up_to(), "the file starts as UTF-8, and this byte is none")
        })?;
        (text.to_owned(), odd("UTF-8 with a byte order mark"))
    } else if let [first, 0, ..] = bytes
        && first.is_ascii()
    {
        (utf16(bytes, u16::from_le_bytes)?, odd("UTF-16 without a byte order mark"))
    } else {
        match str::from_utf8(bytes) {
            Ok(text) if text.is_ascii() => (text.to_owned(), None),
            Ok(text) => (text.to_owned(), odd("UTF-8 without a byte order mark")),
            // Which code page it was is not written anywhere; this one is the most common.
            Err(_) => (bytes.iter().map(|byte| windows_1252(*byte)).collect(), None),
        }
    };
    // Old editors end a file with Ctrl-Z.
    let text = match text.trim_end_matches(['\u{1A}', '\0']) {
        kept if kept.len() == text.len() => text,
        kept => kept.to_owned(),
    };
    match text.find('\0') {
        None => Ok(Decoded { text, oddity }),
        Some(at) => Err(foreign_byte(text.as_bytes(), at, "here is a NUL character")),
    }
}

fn odd(form: &str) -> Option<Problem> {
    let what = format!("the file is {form}, which Windows may read as something else");
    let instead = "save it as ASCII, or as UTF-16 LE with a byte order mark";
    Some(Problem::new(rule::FOREIGN_ENCODING, Place::START, what, instead))
}

fn foreign_byte(bytes: &[u8], at: usize, what: &str) -> Problem {
    let before = &bytes[..at];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    let instead = "save the file as ASCII, or as UTF-16 with a byte order mark";
    Problem::new(rule::ENCODING, Place { line, column }, what, instead)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let broken = || {
        let what = "the file starts as UTF-16 but is not";
        Problem::new(rule::ENCODING, Place::START, what, "save it again as ASCII")
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(broken());
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| broken())
}

/// The character of `byte` in the Western code page of Windows.
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}',
        '\u{2C6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}', '\u{90}',
        '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2DC}',
        '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes).unwrap().text
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
            let units = "[A]\r\n".encode_utf16().flat_map(bytes);
            mark.iter().copied().chain(units).collect::<Vec<u8>>()
        };
        assert_eq!(text(b"[A]\r\n"), "[A]\r\n");
        assert_eq!(text(b"\xEF\xBB\xBF[A]\r\n"), "[A]\r\n");
        assert_eq!(text(&utf16(&[0xFF, 0xFE], u16::to_le_bytes)), "[A]\r\n");
        assert_eq!(text(&utf16(&[], u16::to_le_bytes)), "[A]\r\n");
        assert_eq!(text(&utf16(&[0xFE, 0xFF], u16::to_be_bytes)), "[A]\r\n");
        assert_eq!(text(b"[A]\r\n\x1A"), "[A]\r\n");
    }

    #[test]
    fn what_windows_does_not_document_is_told() {
        let is_odd = |bytes: &[u8]| decode(bytes).unwrap().oddity.is_some();
        assert!(is_odd(b"\xEF\xBB\xBF[A]") && is_odd("\u{e9}".as_bytes()) && is_odd(b"[\0A\0]\0"));
        assert!(!is_odd(b"[A]") && !is_odd(b"\xFF\xFE[\0A\0]\0") && !is_odd(b"; \xA9"));
    }

    #[test]
    fn other_bytes_are_those_of_the_western_code_page() {
        assert_eq!(text(b"; \xA9 \x99 \x80"), "; \u{a9} \u{2122} \u{20ac}");
    }

    #[test]
    fn broken_utf_and_nul_are_refused_by_place() {
        assert!(decode(&[0xFF, 0xFE, 0x41]).is_err());
        assert!(decode(&[0xFF, 0xFE, 0x00, 0xD8]).is_err());
        assert_eq!(decode(b"a\nb\0c").unwrap_err().place, Place { line: 2, column: 2 });
        let utf8 = decode(b"\xEF\xBB\xBF[A]\nx = \xFF").unwrap_err();
        assert_eq!(utf8.place, Place { line: 2, column: 5 });
    }

    #[test]
    fn an_endless_file_is_refused() {
        assert!(decode(&vec![b' '; LARGEST]).is_ok());
        assert!(decode(&vec![b' '; LARGEST + 1]).unwrap_err().what.contains("are not read"));
    }
}
