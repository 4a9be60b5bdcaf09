//! From the bytes of an INF file to its characters: ASCII, UTF-8, or UTF-16 with a byte order mark.

use super::{Place, Problem};

/// Larger than any driver's INF that is looked at here; keeps hostile ones from taking for ever.
const LARGEST: usize = 256 << 10;

/// Decodes the bytes of an INF file. A byte order mark is not part of the text.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Problem> {
    if bytes.len() > LARGEST {
        let what = format!("the file has {} bytes, more than {LARGEST} are not read", bytes.len());
        return Err(Problem::new(Place::START, what, "split it"));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return decode_utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return decode_utf16(rest, u16::from_be_bytes);
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
        Problem::new(
            Place { line, column },
            "this byte is neither ASCII nor UTF-8",
            "save the file as ASCII, or as UTF-16 with a byte order mark",
        )
    })?;
    reject_nul(text)?;
    Ok(text.to_owned())
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Problem> {
    let broken =
        || Problem::new(Place::START, "the file starts as UTF-16 but is not", "save it again as ASCII");
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(broken());
    }
    let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| broken())?;
    reject_nul(&text)?;
    Ok(text)
}

fn reject_nul(text: &str) -> Result<(), Problem> {
    match text.find('\0') {
        None => Ok(()),
        Some(_) => {
            Err(Problem::new(Place::START, "the file contains NUL characters", "save it again as plain text"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_gives_the_same_text() {
        let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter().chain("[A]\r\n".encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
        };
        assert_eq!(decode(b"[A]\r\n").unwrap(), "[A]\r\n");
        assert_eq!(decode(b"\xEF\xBB\xBF[A]\r\n").unwrap(), "[A]\r\n");
        assert_eq!(decode(&utf16([0xFF, 0xFE], u16::to_le_bytes)).unwrap(), "[A]\r\n");
        assert_eq!(decode(&utf16([0xFE, 0xFF], u16::to_be_bytes)).unwrap(), "[A]\r\n");
    }

    #[test]
    fn a_foreign_byte_is_found_by_line_and_column() {
        let problem = decode(b"[A]\nx = \xFF").unwrap_err();
        assert_eq!(problem.place, Place { line: 2, column: 5 });
    }

    #[test]
    fn broken_utf16_and_nul_are_refused() {
        assert!(decode(&[0xFF, 0xFE, 0x41]).is_err());
        assert!(decode(&[0xFF, 0xFE, 0x00, 0xD8]).is_err());
        assert!(decode(b"a\0b").is_err());
    }

    #[test]
    fn an_endless_file_is_refused() {
        assert!(decode(&vec![b' '; LARGEST]).is_ok());
        assert!(decode(&vec![b' '; LARGEST + 1]).unwrap_err().what.contains("are not read"));
    }
}
