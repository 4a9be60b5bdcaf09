//! The form of a printed line.

use crate::LONGEST_LINE;

/// A line as C prints it: cut to its longest form, with a line feed and a NUL at the end.
pub(crate) fn c_line(text: &str) -> Vec<u8> {
    const MARK: &str = "...";
    let mut text = text.replace(['\0', '\r', '\n'], " ");
    if text.len() + 1 > LONGEST_LINE {
        let end = (0..LONGEST_LINE - MARK.len()).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text += MARK;
    }
    let mut line = text.into_bytes();
    line.extend(*b"\n\0");
    line
}

#[cfg(test)]
mod tests {
    use super::c_line;
    use crate::LONGEST_LINE;

    #[test]
    fn a_line_ends_as_c_wants_it() {
        assert_eq!(c_line("a b"), b"a b\n\0");
        assert_eq!(c_line("a\nb\0"), b"a b \n\0", "one event, one line");
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        for text in ["x".repeat(LONGEST_LINE), "\u{e4}".repeat(LONGEST_LINE)] {
            let line = c_line(&text);
            assert!(line.len() <= LONGEST_LINE + 1, "{}", line.len());
            assert!(std::str::from_utf8(&line).is_ok_and(|line| line.ends_with("...\n\0")));
        }
        let fits = "x".repeat(LONGEST_LINE - 1);
        assert_eq!(c_line(&fits).len(), LONGEST_LINE + 1);
    }
}
