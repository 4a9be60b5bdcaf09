//! The syntax of INF files: comments, continued lines, quotes.

use super::model::{Field, Line, Section};
use super::{Place, Problem};

/// Longest field the system's reader accepts, including its terminating NUL.
const LONGEST_FIELD: usize = 4096;

/// Reads all sections of `text`. Every problem is reported, not just the first.
pub(super) fn sections(text: &str) -> Result<Vec<Section>, Vec<Problem>> {
    let mut reader = Reader { rest: text.lines().enumerate(), problems: Vec::new() };
    let mut sections: Vec<Section> = Vec::new();
    while let Some(tokens) = reader.logical_line() {
        match assemble(tokens) {
            Ok(None) => {}
            Ok(Some(Content::Header(name, place))) => {
                sections.push(Section { name, place, lines: Vec::new() });
            }
            Ok(Some(Content::Line(line))) => match sections.last_mut() {
                Some(section) => section.lines.push(line),
                None => reader.problems.push(Problem::new(
                    line.place(),
                    "this line stands before the first section",
                    "move it below a [section]",
                )),
            },
            Err(problem) => reader.problems.push(problem),
        }
    }
    if reader.problems.is_empty() { Ok(sections) } else { Err(reader.problems) }
}

/// What a logical line consists of.
#[derive(Debug)]
enum Token {
    /// A visible or blank character; `quoted` ones have no meaning of their own.
    Char { char: char, quoted: bool, place: Place },
    /// The opening quote: it makes even an empty field a field.
    Quote { place: Place },
}

enum Content {
    Header(String, Place),
    Line(Line),
}

struct Reader<'a, I: Iterator<Item = (usize, &'a str)>> {
    rest: I,
    problems: Vec<Problem>,
}

impl<'a, I: Iterator<Item = (usize, &'a str)>> Reader<'a, I> {
    /// The next line with its continuations, without comments and quotes.
    fn logical_line(&mut self) -> Option<Vec<Token>> {
        let mut tokens = Vec::new();
        let mut first = true;
        loop {
            let Some((index, line)) = self.rest.next() else {
                return if first { None } else { Some(tokens) };
            };
            first = false;
            if !self.physical_line(index + 1, line, &mut tokens) {
                return Some(tokens);
            }
        }
    }

    /// Adds one physical line to `tokens`; true when a backslash continues it on the next.
    fn physical_line(&mut self, number: usize, line: &str, tokens: &mut Vec<Token>) -> bool {
        let mut quoted: Option<Place> = None;
        let mut token = false;
        let mut chars = line.chars().enumerate().peekable();
        while let Some((index, char)) = chars.next() {
            let place = Place { line: number, column: index + 1 };
            match (char, quoted) {
                ('"', Some(_)) if chars.next_if(|(_, next)| *next == '"').is_some() => {
                    tokens.push(Token::Char { char: '"', quoted: true, place });
                }
                ('"', Some(_)) => quoted = None,
                ('"', None) => {
                    quoted = Some(place);
                    tokens.push(Token::Quote { place });
                }
                (';', None) if !token => break,
                _ => {
                    token ^= char == '%' && quoted.is_none();
                    tokens.push(Token::Char { char, quoted: quoted.is_some(), place });
                }
            }
        }
        if let Some(place) = quoted {
            self.problems.push(Problem::new(
                place,
                "this quote is not closed",
                "add the closing \" on the same line",
            ));
        }
        continues(tokens)
    }
}

/// Removes a backslash that ends the line, and says whether there was one.
fn continues(tokens: &mut Vec<Token>) -> bool {
    let blank =
        |token: &Token| matches!(token, Token::Char { char, quoted: false, .. } if char.is_whitespace());
    let Some(last) = tokens.iter().rposition(|token| !blank(token)) else {
        return false;
    };
    let backslash = matches!(tokens[last], Token::Char { char: '\\', quoted: false, .. });
    if backslash {
        tokens.truncate(last);
    }
    backslash
}

fn assemble(tokens: Vec<Token>) -> Result<Option<Content>, Problem> {
    let first = tokens.iter().find_map(|token| match token {
        Token::Char { char, quoted: false, .. } if char.is_whitespace() => None,
        Token::Char { char, quoted, place } => Some((*char == '[' && !quoted, *place)),
        Token::Quote { place } => Some((false, *place)),
    });
    match first {
        None => Ok(None),
        Some((true, place)) => header(&tokens, place).map(Some),
        Some((false, _)) => line(tokens).map(|line| Some(Content::Line(line))),
    }
}

fn header(tokens: &[Token], place: Place) -> Result<Content, Problem> {
    let text: String = tokens
        .iter()
        .filter_map(|token| if let Token::Char { char, .. } = token { Some(*char) } else { None })
        .collect();
    let inner = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    match inner.map(str::trim) {
        Some(name) if !name.is_empty() && !name.contains(['[', ']']) && name.chars().count() <= 255 => {
            Ok(Content::Header(name.to_owned(), place))
        }
        _ => Err(Problem::new(place, "this is not a section header", "write [name] alone on the line")),
    }
}

/// Splits a line at its first `=` and at its commas.
fn line(tokens: Vec<Token>) -> Result<Line, Problem> {
    let mut key = None;
    let mut fields = Vec::new();
    let mut pending = Pending::default();
    let mut after = Place::START;
    for token in tokens {
        match token {
            Token::Char { char: '=', quoted: false, place } if key.is_none() && fields.is_empty() => {
                key = Some(pending.finish(place)?);
                after = place;
            }
            Token::Char { char: ',', quoted: false, place } => {
                fields.push(pending.finish(place)?);
                after = place;
            }
            Token::Char { char, quoted, place } => pending.push(char, quoted, place),
            Token::Quote { place } => pending.open(place),
        }
    }
    if key.is_none() || !fields.is_empty() || pending.place.is_some() {
        fields.push(pending.finish(after)?);
    }
    // Trailing commas may be left out, so they say nothing; `key =` has no field at all.
    while fields.last().is_some_and(|field| field.text.is_empty()) {
        fields.pop();
    }
    Ok(Line { key, fields })
}

/// The field being read.
#[derive(Default)]
struct Pending {
    text: String,
    /// Length up to the last character that must stay.
    kept: usize,
    place: Option<Place>,
}

impl Pending {
    fn open(&mut self, place: Place) {
        self.place.get_or_insert(place);
        self.kept = self.text.len();
    }

    fn push(&mut self, char: char, quoted: bool, place: Place) {
        let blank = char.is_whitespace() && !quoted;
        if blank && self.place.is_none() {
            return;
        }
        self.place.get_or_insert(place);
        self.text.push(char);
        if !blank {
            self.kept = self.text.len();
        }
    }

    fn finish(&mut self, fallback: Place) -> Result<Field, Problem> {
        let Self { mut text, kept, place } = std::mem::take(self);
        text.truncate(kept);
        let place = place.unwrap_or(fallback);
        if text.encode_utf16().count() >= LONGEST_FIELD {
            return Err(Problem::new(place, "this field is longer than 4095 characters", "shorten it"));
        }
        Ok(Field { text, place })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> (Option<String>, Vec<String>) {
        let sections = sections(&format!("[A]\n{text}\n")).unwrap();
        let line = &sections[0].lines[0];
        (
            line.key.as_ref().map(|key| key.text.clone()),
            line.fields.iter().map(|field| field.text.clone()).collect(),
        )
    }

    fn owned(values: &[&str]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn keys_fields_and_comments_are_told_apart() {
        assert_eq!(fields(" k = a , b,, c d ; e"), (Some("k".into()), owned(&["a", "b", "", "c d"])));
        assert_eq!(fields("a,b"), (None, owned(&["a", "b"])));
        assert_eq!(fields("k ="), (Some("k".into()), vec![]));
        assert_eq!(fields("k = a,,"), (Some("k".into()), owned(&["a"])));
        assert_eq!(fields("k = a = b"), (Some("k".into()), owned(&["a = b"])));
    }

    #[test]
    fn quotes_keep_what_would_have_a_meaning() {
        assert_eq!(fields("k = \" a,;= \"\"b\"\" \""), (Some("k".into()), owned(&[" a,;= \"b\" "])));
        assert_eq!(fields("k = \"\", b"), (Some("k".into()), owned(&["", "b"])));
    }

    #[test]
    fn a_semicolon_inside_a_string_token_is_no_comment() {
        assert_eq!(fields("k = %a;b% ; c"), (Some("k".into()), owned(&["%a;b%"])));
    }

    #[test]
    fn a_backslash_at_the_end_continues_the_line() {
        assert_eq!(fields("k = \"dir\\\"\\ ; why\n , file"), (Some("k".into()), owned(&["dir\\", "file"])));
        assert_eq!(fields("k = a\\b"), (Some("k".into()), owned(&["a\\b"])));
    }

    #[test]
    fn places_count_from_one_and_follow_continuations() {
        let sections = sections("; c\n[A]\n  k = a, \\\n    bc\n").unwrap();
        let line = &sections[0].lines[0];
        assert_eq!(sections[0].place, Place { line: 2, column: 1 });
        assert_eq!(line.place(), Place { line: 3, column: 3 });
        assert_eq!(line.fields[1].place, Place { line: 4, column: 5 });
    }

    #[test]
    fn every_problem_of_a_file_is_reported() {
        let problems = sections("k = 1\n[A\n[B]\nx = \"open\n").unwrap_err();
        let whats: Vec<_> =
            problems.iter().map(|problem| (problem.place.line, problem.what.as_str())).collect();
        assert!(whats.contains(&(1, "this line stands before the first section")), "{whats:?}");
        assert!(whats.contains(&(2, "this is not a section header")), "{whats:?}");
        assert!(whats.contains(&(4, "this quote is not closed")), "{whats:?}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[\\[\\]a%\"\\\\;,= \\n\\r\u{e9}]{0,80}") {
            let _ = sections(&text);
        }

        #[test]
        fn quoted_fields_come_back_as_they_were(values in prop::collection::vec("[ -~]{1,20}", 1..5)) {
            let written: Vec<String> = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\""))).collect();
            prop_assert_eq!(fields(&format!("k = {}", written.join(" , "))), (Some("k".into()), values));
        }
    }
}
