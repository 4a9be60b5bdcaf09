//! The syntax of INF files: headers, comments, continued lines, quotes.

use super::model::{Field, Line, Section};
use super::{Place, Problem, rule};

/// Longest field the system's reader accepts, including its terminating NUL.
const LONGEST_FIELD: usize = 4096;
/// Longest name of a section.
const LONGEST_NAME: usize = 255;

/// What was read, and what is wrong with it. Where a problem is no error, Windows reads it the same way.
#[derive(Debug, Default)]
pub(super) struct Syntax {
    pub(super) sections: Vec<Section>,
    pub(super) problems: Vec<Problem>,
}

/// Reads all sections of `text`. Every problem is reported, not just the first.
pub(super) fn sections(text: &str) -> Syntax {
    let mut syntax = Syntax::default();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((number, line)) = lines.next() {
        if line.trim_start().starts_with('[') {
            syntax.header(number, line);
            continue;
        }
        let mut tokens = Vec::new();
        let mut continued = syntax.physical_line(number, line, &mut tokens);
        while continued && let Some((number, line)) = lines.next() {
            continued = syntax.physical_line(number, line, &mut tokens);
        }
        syntax.logical_line(tokens);
    }
    syntax
}

/// What a logical line consists of.
#[derive(Debug)]
enum Token {
    /// A visible or blank character; `quoted` ones have no meaning of their own.
    Char { char: char, quoted: bool, place: Place },
    /// The opening quote: it makes even an empty field a field.
    Quote { place: Place },
}

impl Syntax {
    /// `[name]`, read as it stands: quotes and semicolons inside the brackets are part of the name.
    fn header(&mut self, number: usize, line: &str) {
        let column = 1 + line.chars().take_while(|char| char.is_whitespace()).count();
        let place = Place { line: number, column };
        let inner = line.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((name, rest)) = inner.filter(|(name, _)| !name.trim().is_empty()) else {
            return self.add(rule::SYNTAX, place, "this is not a section header", "write [name]");
        };
        let name = name.trim();
        if name.chars().count() > LONGEST_NAME {
            let what = format!("this name is longer than {LONGEST_NAME} characters");
            self.add(rule::SYNTAX, place, what, "shorten it");
        }
        let rest = rest.trim();
        if !rest.is_empty() && !rest.starts_with(';') {
            let what = format!("{rest:?} stands after the header");
            self.add(rule::HEADER, place, what, "move it to a line of its own, or write ; before it");
        }
        self.sections.push(Section { name: name.to_owned(), place, lines: Vec::new() });
    }

    /// Adds one physical line to `tokens`; true when a backslash continues it on the next.
    fn physical_line(&mut self, number: usize, line: &str, tokens: &mut Vec<Token>) -> bool {
        let mut quoted: Option<Place> = None;
        // A %token% may hold a semicolon; this many bytes of one are still to come.
        let mut in_token = 0;
        let mut chars = line.char_indices().enumerate().peekable();
        while let Some((index, (at, char))) = chars.next() {
            let place = Place { line: number, column: index + 1 };
            if in_token == 0 && char == '%' && quoted.is_none() {
                in_token = token_length(&line[at + 1..]);
            } else {
                in_token = usize::saturating_sub(in_token, char.len_utf8());
            }
            match (char, quoted) {
                ('"', Some(_)) if chars.next_if(|(_, (_, next))| *next == '"').is_some() => {
                    tokens.push(Token::Char { char: '"', quoted: true, place });
                }
                ('"', Some(_)) => quoted = None,
                ('"', None) => {
                    quoted = Some(place);
                    tokens.push(Token::Quote { place });
                }
                (';', None) if in_token == 0 => break,
                _ => tokens.push(Token::Char { char, quoted: quoted.is_some(), place }),
            }
        }
        if let Some(place) = quoted {
            let instead = "add the closing \" on the same line";
            self.add(rule::QUOTE, place, "this quote is not closed, so it ends with the line", instead);
        }
        continues(tokens)
    }

    fn logical_line(&mut self, tokens: Vec<Token>) {
        let blank =
            |token: &Token| matches!(token, Token::Char { char, quoted: false, .. } if char.is_whitespace());
        if tokens.iter().all(blank) {
            return;
        }
        let line = self.line(tokens);
        match self.sections.last_mut() {
            Some(section) => section.lines.push(line),
            None => {
                let what = "this line stands before the first section, where nobody reads it";
                self.add(
                    rule::PREAMBLE,
                    line.place(),
                    what,
                    "write ; before it, or move it below a [section]",
                );
            }
        }
    }

    fn add(&mut self, rule: rule::Rule, place: Place, what: impl Into<String>, instead: &str) {
        self.problems.push(Problem::new(rule, place, what, instead));
    }

    /// Splits a line at its first `=` and at its commas.
    fn line(&mut self, tokens: Vec<Token>) -> Line {
        let mut key = None;
        let mut fields = Vec::new();
        let mut pending = Pending::default();
        let mut after = Place::START;
        for token in tokens {
            match token {
                Token::Char { char: '=', quoted: false, place } if key.is_none() && fields.is_empty() => {
                    key = Some(self.field(&mut pending, place));
                    after = place;
                }
                Token::Char { char: ',', quoted: false, place } => {
                    fields.push(self.field(&mut pending, place));
                    after = place;
                }
                Token::Char { char, quoted, place } => pending.push(char, quoted, place),
                Token::Quote { place } => pending.open(place),
            }
        }
        if key.is_none() || !fields.is_empty() || pending.place.is_some() {
            fields.push(self.field(&mut pending, after));
        }
        // Trailing commas may be left out, so they say nothing; `key =` has no field at all.
        while fields.last().is_some_and(|field| field.text.is_empty()) {
            fields.pop();
        }
        Line { key, fields }
    }

    /// Ends the field being read. Where nothing of it was visible its place is `fallback`.
    fn field(&mut self, pending: &mut Pending, fallback: Place) -> Field {
        let Pending { mut text, kept, place } = std::mem::take(pending);
        text.truncate(kept);
        let place = place.unwrap_or(fallback);
        if text.encode_utf16().count() >= LONGEST_FIELD {
            self.add(rule::SYNTAX, place, "this field is longer than 4095 characters", "shorten it");
        }
        Field { text, place }
    }
}

/// How many bytes of `rest`, which follows a percent sign, belong to a %token%, the closing sign included.
fn token_length(rest: &str) -> usize {
    match rest.find(|char: char| char == '%' || char == '"' || char.is_whitespace()) {
        Some(at) if rest[at..].starts_with('%') => at + 1,
        _ => 0,
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &str) -> (Option<String>, Vec<String>) {
        let syntax = sections(&format!("[A]\n{text}\n"));
        let line = &syntax.sections[0].lines[0];
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
        let sections = sections("; c\n[A]\n  k = a, \\\n    bc\n").sections;
        let line = &sections[0].lines[0];
        assert_eq!(sections[0].place, Place { line: 2, column: 1 });
        assert_eq!(line.place(), Place { line: 3, column: 3 });
        assert_eq!(line.fields[1].place, Place { line: 4, column: 5 });
    }

    #[test]
    fn every_problem_of_a_file_is_reported() {
        let problems = sections("k = 1\n[A\n[B]\nx = \"open\n").problems;
        let whats: Vec<_> =
            problems.iter().map(|problem| (problem.place.line, problem.what.as_str())).collect();
        assert!(
            whats.contains(&(1, "this line stands before the first section, where nobody reads it")),
            "{whats:?}"
        );
        assert!(whats.contains(&(2, "this is not a section header")), "{whats:?}");
        assert!(whats.contains(&(4, "this quote is not closed, so it ends with the line")), "{whats:?}");
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
