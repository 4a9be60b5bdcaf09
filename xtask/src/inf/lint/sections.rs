//! Sections: that what is referred to is there, and what is there is referred to.

use std::collections::HashMap;

use super::Lint;
use super::reach::Reach;
use crate::inf::model::{Field, Line, folded};
use crate::inf::rule;
use crate::inf::strings::language;

/// Which fields of a directive name sections.
enum Names {
    Every,
    At(usize),
}

/// The directives that name sections.
const DIRECTIVES: [(&str, Names); 25] = [
    ("AddReg", Names::Every),
    ("DelReg", Names::Every),
    ("CopyFiles", Names::Every),
    ("DelFiles", Names::Every),
    ("RenFiles", Names::Every),
    ("BitReg", Names::Every),
    ("Ini2Reg", Names::Every),
    ("UpdateInis", Names::Every),
    ("UpdateIniFields", Names::Every),
    ("ProfileItems", Names::Every),
    ("RegisterDlls", Names::Every),
    ("UnregisterDlls", Names::Every),
    ("AddProperty", Names::Every),
    ("DelProperty", Names::Every),
    ("LogConfig", Names::Every),
    ("AddInterface", Names::At(2)),
    ("AddService", Names::At(2)),
    ("AddService", Names::At(3)),
    ("AddComponent", Names::At(2)),
    ("AddSoftware", Names::At(2)),
    ("AddEventProvider", Names::At(1)),
    ("AddFilter", Names::At(2)),
    ("KmdfService", Names::At(1)),
    ("UmdfService", Names::At(1)),
    ("AddPowerSetting", Names::At(0)),
];

impl Lint<'_> {
    /// Checks references between sections.
    pub(super) fn sections(&mut self, reach: &Reach<'_>) {
        let inf = self.inf;
        let included = inf.sections.iter().flat_map(|section| &section.lines).any(|line| line.is("Include"));
        for section in reach.sections().filter(|section| language(&section.name).is_none()) {
            for line in &section.lines {
                self.references(line, included);
                if line.is("Needs") {
                    self.needs(line, &section.name, reach);
                }
            }
        }
        for section in reach.unused().filter(|section| !section.lines.is_empty()) {
            let what = format!("nothing leads to [{}]", section.name);
            self.add(rule::UNUSED_SECTION, section.place, what, "refer to it, or remove it");
        }
        let mut seen = HashMap::new();
        for section in &inf.sections {
            if let Some(first) = seen.insert(folded(&section.name), section.place.line) {
                let what = format!("[{}] goes on here; it began in line {first}", section.name);
                self.add(
                    rule::REPEATED_SECTION,
                    section.place,
                    what,
                    "put it in one place, or give it another name",
                );
            }
            if section.name.contains("$ARCH$") {
                let what = format!("[{}] was not stamped", section.name);
                self.add(rule::UNRESOLVED_TOKEN, section.place, what, "stamp the file first");
            }
        }
    }

    fn references(&mut self, line: &Line, included: bool) {
        for (_, names) in DIRECTIVES.iter().filter(|(directive, _)| line.is(directive)) {
            let fields: Vec<&Field> = match names {
                Names::Every => line.fields.iter().collect(),
                Names::At(index) => line.fields.get(*index).into_iter().collect(),
            };
            for field in fields {
                self.reference(field, included);
            }
        }
    }

    fn reference(&mut self, field: &Field, included: bool) {
        let inf = self.inf;
        let name = inf.expand(field);
        // `@file`, and a token that is told of elsewhere.
        if name.is_empty() || name.starts_with('@') || name.contains('%') {
            return;
        }
        if inf.has(&name) || inf.variants(&name).next().is_some() {
            return;
        }
        let what = format!("there is no section [{name}]");
        if included {
            let instead = "reach it by Needs, if it is in an included INF; else add it";
            return self.add(rule::INCLUDED_SECTION, field.place, what, instead);
        }
        let listed =
            |table: &str| inf.section(table).is_some_and(|lines| lines.iter().any(|line| line.is(&name)));
        let file = listed("SourceDisksFiles") || name.rsplit_once('.').is_some_and(|(_, end)| end.len() == 3);
        let instead = if file {
            format!("write @{name}, if it is a file; else add [{name}]")
        } else {
            format!("add [{name}]")
        };
        self.add(rule::MISSING_SECTION, field.place, what, instead);
    }

    fn needs(&mut self, line: &Line, section: &str, reach: &Reach<'_>) {
        let inf = self.inf;
        let includes = !inf.entries(section, "Include").is_empty();
        for field in &line.fields {
            let name = inf.expand(field);
            if !name.is_empty() && !includes && !reach.has_any(&name) {
                let what = format!("there is no section [{name}], and [{section}] includes no other file");
                self.add(rule::NEEDS, field.place, what, "write `Include = file.inf` before it");
            }
        }
    }
}
