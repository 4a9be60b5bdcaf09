//! The parts of an INF file: sections, lines, fields; and how they are looked up.

use std::collections::HashMap;

use super::decoration::{Decoration, Platform};
use super::strings::Strings;
use super::{Place, Problem, Problems, parse, rule, text};
use crate::architecture::Architecture;

/// An INF file.
#[derive(Clone, Debug)]
pub(crate) struct Inf {
    /// The file's name, for messages.
    pub(crate) name: String,
    /// The sections in the order of the file; sections of one name are merged when they are looked up.
    pub(crate) sections: Vec<Section>,
    /// What is odd about the file as text, though Windows reads it.
    pub(crate) oddities: Vec<Problem>,
    strings: Strings,
    /// Where in `sections` the sections of a name are.
    by_name: HashMap<String, Vec<usize>>,
    /// The sections that are variants of another name for some systems: `Go` has `Go.NTamd64.10.0`.
    by_base: HashMap<String, Vec<(Decoration, usize)>>,
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

/// A field without its quotes, `%tokens%` not yet replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) text: String,
    pub(crate) place: Place,
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

    /// The field at `index`, when there is something in it.
    pub(crate) fn field(&self, index: usize) -> Option<&Field> {
        self.fields.get(index).filter(|field| !field.text.is_empty())
    }
}

/// How a name of a section is compared.
pub(super) fn folded(name: &str) -> String {
    name.trim().to_ascii_lowercase()
}

impl Inf {
    /// Reads the file called `name`, whose content is `bytes`.
    pub(crate) fn parse(name: &str, bytes: &[u8]) -> Result<Self, Problems> {
        Self::parse_as(name, bytes, |text| text)
    }

    /// Reads the file called `name` as if it had been stamped for x64.
    pub(crate) fn parse_source(name: &str, bytes: &[u8]) -> Result<Self, Problems> {
        Self::parse_as(name, bytes, |text| text.replace("$ARCH$", Architecture::X64.inf()))
    }

    fn parse_as(name: &str, bytes: &[u8], change: impl FnOnce(String) -> String) -> Result<Self, Problems> {
        let decoded = text::decode(bytes).map_err(|problem| Problems::new(name, vec![problem]))?;
        let syntax = parse::sections(&change(decoded.text));
        let mut problems = syntax.problems;
        problems.extend(decoded.oddity);
        if problems.iter().any(Problem::is_error) {
            return Err(Problems::new(name, problems));
        }
        Ok(Self::new(name, syntax.sections, problems))
    }

    fn new(name: &str, sections: Vec<Section>, oddities: Vec<Problem>) -> Self {
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_base: HashMap<String, Vec<(Decoration, usize)>> = HashMap::new();
        for (index, section) in sections.iter().enumerate() {
            let name = folded(&section.name);
            if let Some((base, decoration)) = Decoration::split(&name) {
                by_base.entry(base.to_owned()).or_default().push((decoration, index));
            }
            by_name.entry(name).or_default().push(index);
        }
        let strings = Strings::read(&sections);
        Self { name: name.to_owned(), sections, oddities, strings, by_name, by_base }
    }

    /// The name of the file alone, where [`Inf::name`] has its folder too.
    pub(crate) fn file_name(&self) -> &str {
        self.name.rsplit(['/', '\\']).next().unwrap_or_default()
    }

    /// The lines of all sections called `name`, whatever the letter case; nothing when there is no such section.
    pub(crate) fn section(&self, name: &str) -> Option<Vec<&Line>> {
        let found = self.by_name.get(&folded(name))?;
        Some(found.iter().flat_map(|index| &self.sections[*index].lines).collect())
    }

    /// Whether there is a section called `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(&folded(name))
    }

    /// Where the section called `name` starts.
    pub(crate) fn place_of(&self, name: &str) -> Place {
        let found = self.by_name.get(&folded(name)).and_then(|found| found.first());
        found.map_or(Place::START, |index| self.sections[*index].place)
    }

    /// The variants of the section `base`: their names and what each is for. The plain name is none of them.
    pub(crate) fn variants(&self, base: &str) -> impl Iterator<Item = (&str, Decoration)> {
        let found = self.by_base.get(&folded(base)).into_iter().flatten();
        found.map(|(decoration, index)| (self.sections[*index].name.as_str(), *decoration))
    }

    /// The section that Windows takes for `base` on `platform`: the variant that suits it best, else the plain one.
    pub(crate) fn actual(&self, base: &str, platform: &Platform) -> Option<String> {
        let fits = self.variants(base).filter(|(_, decoration)| decoration.fits(platform));
        match fits.max_by_key(|(_, decoration)| decoration.closeness()) {
            Some((name, _)) => Some(name.to_owned()),
            None => self.has(base).then(|| base.to_owned()),
        }
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
                let what = format!("[{section}] has {key} twice");
                Err(Problem::new(rule::DUPLICATE_KEY, second.place(), what, "keep one of them"))
            }
        }
    }

    /// The text of `field` as Windows takes it: with every `%token%` replaced by its string. `%13%` and other numbers name
    /// folders and stay as they are, and so does what is not defined; `%%` is a percent sign.
    pub(crate) fn expand(&self, field: &Field) -> String {
        self.strings.expand(&field.text)
    }

    /// The text of the field at `index` of `line`, when there is something in it.
    pub(crate) fn value(&self, line: &Line, index: usize) -> Option<String> {
        line.field(index).map(|field| self.expand(field)).filter(|text| !text.is_empty())
    }

    /// The strings that the file defines.
    pub(super) fn strings(&self) -> &Strings {
        &self.strings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inf(text: &str) -> Inf {
        Inf::parse("test.inf", text.as_bytes()).unwrap()
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

    #[test]
    fn the_closest_variant_of_a_section_is_taken() {
        let inf = inf("[Go]\n[go.NT]\n[Go.NTamd64]\n[Go.NTamd64.10.0...16299]\n[Go.NTamd64.Services]\n");
        let actual = |platform: Platform| inf.actual("GO", &platform).unwrap();
        assert_eq!(actual(Platform::windows_10("amd64", 19041)), "Go.NTamd64.10.0...16299");
        assert_eq!(actual(Platform::windows_10("amd64", 10240)), "Go.NTamd64");
        assert_eq!(actual(Platform::windows_10("arm64", 19041)), "go.NT");
        assert_eq!(inf.actual("Nowhere", &Platform::windows_10("arm64", 19041)), None);
    }

    #[test]
    fn a_header_is_matched_by_the_name_inside_its_brackets() {
        let inf = inf("[;; Std Mfg ]\nx = 1\n[A]\nk = \";; Std Mfg \"\n");
        let name = inf.expand(&inf.entries("A", "k")[0].fields[0]);
        assert!(inf.has(&name));
    }
}
