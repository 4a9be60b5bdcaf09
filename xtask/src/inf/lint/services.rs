//! Services: what each must say, and that each device has one.

use std::collections::HashSet;

use super::reach::Reach;
use super::{Lint, wanted};
use crate::inf::install::number;
use crate::inf::model::{Field, Line, folded};
use crate::inf::rule;

/// Classes whose devices have no driver of their own.
const WITHOUT_SERVICE: [&str; 6] =
    ["Extension", "SoftwareComponent", "Printer", "Monitor", "Firmware", "SoftwareDevice"];
/// SPSVCINST_ASSOCSERVICE: the service drives the device.
const ASSOCIATED: u32 = 2;

impl Lint<'_> {
    /// Checks the services that are added.
    pub(super) fn services(&mut self, reach: &Reach<'_>) {
        let files: HashSet<String> =
            super::payload(self.inf).into_iter().map(|file| file.name.to_ascii_lowercase()).collect();
        let mut checked = HashSet::new();
        for section in reach.sections() {
            let mut associated: Vec<&Line> = Vec::new();
            for line in section.lines.iter().filter(|line| line.is("AddService")) {
                if self.flags(line).is_some_and(|flags| flags & ASSOCIATED != 0) {
                    associated.push(line);
                }
                match (self.inf.value(line, 0), line.field(2)) {
                    (None, None) => {}
                    (Some(_), Some(field)) => {
                        for named in self.service_sections(field) {
                            if checked.insert(folded(&named)) {
                                self.service(&named, &files);
                            }
                        }
                    }
                    (Some(name), None) => {
                        let what = format!("the service {name} has no section that describes it");
                        self.add(
                            rule::DIRECTIVE,
                            line.place(),
                            what,
                            "write AddService = name, flags, service-install-section",
                        );
                    }
                    (None, Some(field)) => {
                        let what = "a service without a name has a section that nobody reads";
                        self.add(
                            rule::DIRECTIVE,
                            field.place,
                            what,
                            "write AddService = name, flags, service-install-section",
                        );
                    }
                }
            }
            if let [_, second, ..] = associated.as_slice() {
                let what = format!("[{}] has two services that drive the device", section.name);
                self.add(rule::TWO_ASSOCIATED, second.place(), what, "take the flag 0x2 from one of them");
            }
        }
        self.devices_without_service();
    }

    fn flags(&mut self, line: &Line) -> Option<u32> {
        let field = line.field(1)?;
        let text = self.inf.expand(field);
        let flags = number(&text);
        if flags.is_none() && !text.contains('%') {
            let what = format!("the flags {text:?} are not a number");
            self.add(rule::DIRECTIVE, field.place, what, "write a number, like 0x2");
        }
        flags
    }

    fn service_sections(&self, field: &Field) -> Vec<String> {
        let name = self.inf.expand(field);
        let variants = self.inf.variants(&name).map(|(variant, _)| variant.to_owned());
        let mut found: Vec<String> = variants.collect();
        found.extend(self.inf.has(&name).then_some(name));
        found
    }

    fn service(&mut self, section: &str, files: &HashSet<String>) {
        let below = |limit: u32| move |text: &str| number(text).is_some_and(|number| number < limit);
        self.wanted(
            rule::SERVICE,
            section,
            "ServiceType",
            "ServiceType = 1 ; a kernel driver",
            below(u32::MAX),
        );
        self.wanted(rule::SERVICE, section, "StartType", "StartType = 3 ; on demand", below(5));
        self.wanted(rule::SERVICE, section, "ErrorControl", "ErrorControl = 1 ; errors are logged", below(4));
        let instead = "ServiceBinary = %13%\\driver-name.sys";
        let Some((binary, field)) =
            self.wanted(rule::SERVICE, section, "ServiceBinary", instead, |path| !path.is_empty())
        else {
            return;
        };
        let path = binary.trim_matches('"').to_ascii_lowercase();
        if !path.starts_with('%') {
            let what = format!("{binary} does not start with the number of a folder");
            self.add(rule::SERVICE_BINARY, field.place, what, format!("write `{instead}`"));
        }
        // A program may be followed by its arguments.
        let end = [".sys", ".exe", ".dll"]
            .iter()
            .filter_map(|ending| Some(path.find(ending)? + ending.len()))
            .min();
        let name = path[..end.unwrap_or(path.len())].rsplit(['\\', '/']).next().unwrap_or_default();
        let of_windows = ["svchost.exe", "wudfrd.sys", "wudfhost.exe", "ksthunk.sys"].contains(&name);
        let included =
            self.inf.sections.iter().flat_map(|section| &section.lines).any(|line| line.is("Include"));
        if !of_windows && !included && !files.contains(name) {
            let what = format!("the service starts {name}, which no CopyFiles directive installs");
            self.add(rule::SERVICE_BINARY, field.place, what, "name a file that is copied");
        }
    }

    fn devices_without_service(&mut self) {
        let inf = self.inf;
        let class = wanted(inf, rule::CLASS, "Version", "Class", "", |_| true).map(|(class, _)| class);
        if class.is_ok_and(|class| WITHOUT_SERVICE.iter().any(|known| known.eq_ignore_ascii_case(&class))) {
            return;
        }
        if crate::inf::entry::manufacturers(inf).is_empty() {
            return;
        }
        for installation in self.installations() {
            for section in &installation.sections {
                let plain = section.to_ascii_lowercase();
                let skip = ["defaultinstall", "classinstall32"].iter().any(|start| plain.starts_with(start));
                if !skip && !inf.has(&format!("{section}.Services")) {
                    let what = format!("there is no section [{section}.Services]");
                    let instead = "add it, with `AddService = ,2` if the device needs no driver";
                    self.add(rule::ASSOCIATED_SERVICE, inf.place_of(section), what, instead);
                }
            }
        }
    }
}
