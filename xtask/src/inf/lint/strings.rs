//! `%tokens%` and what [Strings] defines.

use std::collections::HashMap;

use super::Lint;
use crate::inf::model::{Field, Section};
use crate::inf::rule;
use crate::inf::strings::{Part, is_folder, language, parts};

/// Variables of the environment that are written as tokens by mistake.
const ENVIRONMENT: [&str; 14] = [
    "systemroot",
    "windir",
    "systemdrive",
    "programfiles",
    "programfiles(x86)",
    "programdata",
    "allusersprofile",
    "commonprogramfiles",
    "appdata",
    "localappdata",
    "userprofile",
    "temp",
    "tmp",
    "path",
];

impl Lint<'_> {
    /// Checks every token and every definition.
    pub(super) fn strings(&mut self) {
        let inf = self.inf;
        for section in &inf.sections {
            if let Some(language) = language(&section.name) {
                self.definitions(section, language);
            } else {
                for line in &section.lines {
                    line.key.iter().chain(&line.fields).for_each(|field| self.tokens(field));
                }
            }
        }
    }

    fn tokens(&mut self, field: &Field) {
        for part in parts(&field.text) {
            match part {
                Part::Text(_) | Part::Percent => {}
                Part::Lone(_) => {
                    self.add(
                        rule::PERCENT,
                        field.place,
                        "a percent sign without its partner",
                        "write %% for a percent sign",
                    );
                }
                Part::Token(name) if is_folder(name) || self.inf.strings().get(name).is_some() => {}
                Part::Token(name) if ENVIRONMENT.contains(&&*name.to_ascii_lowercase()) => {
                    let what = format!("%{name}% is looked up in [Strings], where it is not");
                    self.add(rule::ENVIRONMENT_STRING, field.place, what, format!("write %%{name}%%"));
                }
                Part::Token(name) if name.contains(char::is_whitespace) => {
                    let what = format!("{name:?} stands between percent signs, and is not defined");
                    self.add(rule::PERCENT, field.place, what, "write %% for a percent sign");
                }
                Part::Token(name) => {
                    let what = format!("%{name}% is not defined");
                    let instead = format!("add `{name} = \"...\"` to [Strings]");
                    self.add(rule::UNDEFINED_STRING, field.place, what, instead);
                }
            }
        }
    }

    fn definitions(&mut self, section: &Section, language: &str) {
        let inf = self.inf;
        let mut defined: HashMap<String, Option<&str>> = HashMap::new();
        for line in &section.lines {
            let Some(key) = &line.key else { continue };
            let value = line.fields.first().map(|field| field.text.as_str());
            let name = key.text.to_ascii_lowercase();
            if defined.get(&name).is_some_and(|first| *first != value) {
                let what = format!("[{}] has {} twice; the first holds", section.name, key.text);
                self.add(rule::DUPLICATE_STRING, key.place, what, "keep one of them");
            }
            if !language.is_empty() && inf.has("Strings") && !inf.strings().has_default(&name) {
                let what = format!("{} is defined for the language {language}, not for all", key.text);
                self.add(
                    rule::LANGUAGE,
                    key.place,
                    what,
                    format!("add `{} = \"...\"` to [Strings]", key.text),
                );
            }
            defined.entry(name).or_insert(value);
        }
    }
}
