//! The strings of an INF file, by language, and the `%tokens%` that stand for them.

use std::collections::HashMap;

use super::model::{Line, Section};

/// Longest text after strings were put in, without its terminating NUL.
const LONGEST: usize = 4095;

/// What [Strings] and its variants for languages define.
#[derive(Clone, Debug, Default)]
pub(super) struct Strings {
    /// By language, the plain section first, then English; names are in lower case.
    tables: Vec<HashMap<String, String>>,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// As it stands.
    Text(&'a str),
    /// `%%`
    Percent,
    /// `%name%`
    Token(&'a str),
    /// A percent sign that nothing follows, and what comes after it.
    Lone(&'a str),
}

/// The parts of `text`.
pub(super) fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let Some(after) = rest.strip_prefix('%') else {
            let (before, after) = rest.split_at(rest.find('%').unwrap_or(rest.len()));
            rest = after;
            return (!before.is_empty()).then_some(Part::Text(before));
        };
        let Some((name, after)) = after.split_once('%') else {
            rest = "";
            return Some(Part::Lone(after));
        };
        rest = after;
        Some(if name.is_empty() { Part::Percent } else { Part::Token(name) })
    })
}

/// Whether a token names a folder by its number.
pub(super) fn is_folder(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether `section` defines strings; gives the language, empty for all.
pub(super) fn language(section: &str) -> Option<&str> {
    let (name, language) = section.split_once('.').unwrap_or((section, ""));
    name.trim().eq_ignore_ascii_case("strings").then(|| language.trim())
}

impl Strings {
    pub(super) fn read(sections: &[Section]) -> Self {
        let mut languages: Vec<&str> =
            sections.iter().filter_map(|section| language(&section.name)).collect();
        languages.sort_by_key(|language| (!language.is_empty(), *language != "0409", *language));
        languages.dedup();
        let table = |wanted: &&str| {
            let mut table = HashMap::new();
            let of_language = sections.iter().filter(|section| language(&section.name) == Some(*wanted));
            for Line { key, fields } in of_language.flat_map(|section| &section.lines) {
                let Some(key) = key else { continue };
                let value = fields.first().map_or_else(String::new, |field| field.text.clone());
                // The first definition holds.
                table.entry(key.text.to_ascii_lowercase()).or_insert(value);
            }
            table
        };
        Self { tables: languages.iter().map(table).collect() }
    }

    /// The string called `name`, in the first language that has it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        self.tables.iter().find_map(|table| table.get(&name)).map(String::as_str)
    }

    /// Whether the plain section, when there is one, defines `name`, given in lower case.
    pub(super) fn has_default(&self, name: &str) -> bool {
        self.tables.first().is_some_and(|table| table.contains_key(name))
    }

    /// `text` with its tokens replaced; what is not defined stays as it is.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for part in parts(text) {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Percent => out.push('%'),
                Part::Lone(rest) => out.extend(["%", rest]),
                Part::Token(name) => match self.get(name) {
                    Some(value) if !is_folder(name) => out.push_str(value),
                    _ => out.extend(["%", name, "%"]),
                },
            }
            if out.len() > LONGEST {
                let end = (0..=LONGEST).rev().find(|end| out.is_char_boundary(*end));
                out.truncate(end.unwrap_or_default());
                break;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::Inf;
    use super::*;

    fn expanded(text: &str) -> String {
        let file = format!(
            "[A]\nk = \"{text}\"\n[Strings]\nName = \"echo\"\n[Strings.0407]\nName = Echo\nNur = x\n[Strings.0409]\nNur = y\n"
        );
        let inf = Inf::parse("test.inf", file.as_bytes()).unwrap();
        inf.expand(&inf.entries("a", "K")[0].fields[0])
    }

    #[test]
    fn tokens_are_replaced_and_folders_are_kept() {
        assert_eq!(expanded("%13%\\%name%.sys 100%%"), "%13%\\echo.sys 100%");
    }

    #[test]
    fn what_is_not_defined_stays() {
        assert_eq!(expanded("%nobody% 50% off"), "%nobody% 50% off");
    }

    #[test]
    fn a_string_of_one_language_serves_where_there_is_no_other() {
        assert_eq!(expanded("%Nur%"), "y");
    }

    #[test]
    fn a_text_does_not_grow_without_end() {
        let long = "x".repeat(4000);
        let file = format!("[A]\nk = {}\n[Strings]\ns = {long}\n", "%s%".repeat(1000));
        let inf = Inf::parse("test.inf", file.as_bytes()).unwrap();
        assert_eq!(inf.expand(&inf.entries("A", "k")[0].fields[0]).len(), LONGEST);
    }

    #[test]
    fn the_parts_of_a_text() {
        let parts: Vec<_> = parts("a%b%%%c%").collect();
        assert_eq!(
            parts,
            [Part::Text("a"), Part::Token("b"), Part::Percent, Part::Text("c"), Part::Lone("")]
        );
    }
}
