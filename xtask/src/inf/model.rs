//! The parts of an INF file: sections, lines, fields, and `%strings%`.

use std::collections::HashMap;

use super::{Place, Problem, Problems, parse, text};

/// An INF file.
#[derive(Clone, Debug)]
pub(crate) struct Inf {
    /// The file's name, for messages.
    pub(crate) name: String,
    /// The sections in the order of the file; sections of one name are merged when they are looked up.
    pub(crate) sections: Vec<Section>,
    /// What [Strings] defines, by name in lower case.
    strings: HashMap<String, String>,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) lines: Vec<Line>,
}

/// A line: `key = field, field` or just `field, field`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) key: Option<Field>,
    pub(crate) fields: Vec<Field>,
}

impl Section {
    /// Whether the section is called `name`, whatever the letter case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl Line {
    /// Where the line starts.
    pub(crate) fn place(&self) -> Place {
        self.key.as_ref().or(self.fields.first()).map_or(Place::START, |field| field.place)
    }

    /// Whether the key is `name`, whatever the letter case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.key.as_ref().is_some_and(|key| key.text.eq_ignore_ascii_case(name))
    }
}

/// A field without its quotes, `%tokens%` not yet replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) place: Place,
}

impl Inf {
    /// Reads the file called `name`, whose content is `bytes`.
    pub(crate) fn parse(name: &str, bytes: &[u8]) -> Result<Self, Problems> {
        let problems = |list| Problems { name: name.to_owned(), list };
        let text = text::decode(bytes).map_err(|problem| problems(vec![problem]))?;
        let sections = parse::sections(&text).map_err(problems)?;
        let strings = strings(&sections);
        Ok(Self { name: name.to_owned(), sections, strings })
    }

    /// The lines of all sections called `name`, whatever the letter case; nothing when there is no such section.
    pub(crate) fn section(&self, name: &str) -> Option<Vec<&Line>> {
        let mut found = self.sections.iter().filter(|section| section.is(name)).peekable();
        found.peek()?;
        Some(found.flat_map(|section| &section.lines).collect())
    }

    /// Where the section called `name` starts.
    pub(crate) fn place_of(&self, name: &str) -> Place {
        let found = self.sections.iter().find(|section| section.is(name));
        found.map_or(Place::START, |section| section.place)
    }

    /// The lines with the key `key` in the section `section`.
    pub(crate) fn entries(&self, section: &str, key: &str) -> Vec<&Line> {
        self.section(section).unwrap_or_default().into_iter().filter(|line| line.is(key)).collect()
    }

    /// The only line with the key `key` in `section`; more than one is a problem.
    pub(crate) fn entry(&self, section: &str, key: &str) -> Result<Option<&Line>, Problem> {
        match self.entries(section, key).as_slice() {
            [] => Ok(None),
            [line] => Ok(Some(line)),
            [_, second, ..] => {
                Err(Problem::new(second.place(), format!("[{section}] has {key} twice"), "keep one of them"))
            }
        }
    }

    /// The text of `field` with every `%token%` replaced by its value in `[Strings]`. `%13%` and other numbers name
    /// folders and stay as they are; `%%` is a percent sign.
    pub(crate) fn expand(&self, field: &Field) -> Result<String, Problem> {
        let mut out = String::with_capacity(field.text.len());
        let mut rest = field.text.as_str();
        while let Some(start) = rest.find('%') {
            out.push_str(&rest[..start]);
            rest = &rest[start + 1..];
            let Some(end) = rest.find('%') else {
                return Err(Problem::new(
                    field.place,
                    "a percent sign without its partner",
                    "write %% for a percent sign",
                ));
            };
            let token = &rest[..end];
            rest = &rest[end + 1..];
            if token.is_empty() {
                out.push('%');
            } else if let Some(value) = self.strings.get(&token.to_ascii_lowercase()) {
                out.push_str(value);
            } else if token.bytes().all(|byte| byte.is_ascii_digit()) {
                out.push_str(&format!("%{token}%"));
            } else {
                let what = format!("%{token}% is not defined");
                return Err(Problem::new(field.place, what, format!("add `{token} = \"...\"` to [Strings]")));
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

fn strings(sections: &[Section]) -> HashMap<String, String> {
    let lines = sections.iter().filter(|section| section.is("Strings")).flat_map(|section| &section.lines);
    let mut strings = HashMap::new();
    for Line { key, fields } in lines {
        let (Some(key), value) = (key, fields.first()) else { continue };
        // The first definition holds.
        strings
            .entry(key.text.to_ascii_lowercase())
            .or_insert_with(|| value.map_or_else(String::new, |v| v.text.clone()));
    }
    strings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inf(text: &str) -> Inf {
        Inf::parse("test.inf", text.as_bytes()).unwrap()
    }

    fn expanded(text: &str) -> Result<String, Problem> {
        let inf = inf(&format!("[A]\nk = \"{text}\"\n[Strings]\nName = \"echo\"\n"));
        inf.expand(&inf.entries("a", "K")[0].fields[0])
    }

    #[test]
    fn tokens_are_replaced_and_folders_are_kept() {
        assert_eq!(expanded("%13%\\%name%.sys 100%%").unwrap(), "%13%\\echo.sys 100%");
    }

    #[test]
    fn an_undefined_token_says_what_to_add() {
        let problem = expanded("%nobody%").unwrap_err();
        assert!(problem.instead.contains("`nobody = \"...\"` to [Strings]"), "{problem:?}");
        assert_eq!(problem.place, Place { line: 2, column: 5 });
    }

    #[test]
    fn a_lone_percent_sign_is_refused() {
        assert!(expanded("50% off").is_err());
    }

    #[test]
    fn sections_of_one_name_are_one_section() {
        let inf = inf("[A]\nx = 1\n[b]\n[a]\ny = 2\n");
        assert_eq!(inf.section("A").unwrap().len(), 2);
        assert!(inf.section("c").is_none());
        assert_eq!(inf.section("B").unwrap().len(), 0);
    }

    #[test]
    fn a_key_given_twice_is_a_problem_where_one_is_wanted() {
        assert!(inf("[A]\nx = 1\nX = 2\n").entry("A", "x").is_err());
    }
}
