//! Entries for the registry.

use std::collections::HashSet;

use super::Lint;
use super::reach::Reach;
use crate::inf::install::number;
use crate::inf::model::{Line, folded};
use crate::inf::rule;

/// The roots that an entry can have.
const ROOTS: [&str; 5] = ["hkr", "hklm", "hkcr", "hkcu", "hku"];
/// The numbers of folders that a value should not hold, because Windows may be moved; the driver store may be named.
const MOVABLE: [&str; 4] = ["%10%", "%11%", "%12%", "%24%"];

impl Lint<'_> {
    /// Checks the sections that AddReg and DelReg name.
    pub(super) fn registry(&mut self, reach: &Reach<'_>) {
        let inf = self.inf;
        let mut seen = HashSet::new();
        for section in reach.sections() {
            for line in &section.lines {
                let adds = line.is("AddReg");
                if !adds && !line.is("DelReg") {
                    continue;
                }
                for name in line.fields.iter().map(|field| inf.expand(field)) {
                    if seen.insert((folded(&name), adds)) {
                        for line in inf.section(&name).unwrap_or_default() {
                            self.registry_line(line, adds);
                        }
                    }
                }
            }
        }
    }

    fn registry_line(&mut self, line: &Line, adds: bool) {
        let inf = self.inf;
        let Some(field) = line.fields.first() else { return };
        let root = inf.expand(field);
        if line.key.is_some() || !ROOTS.contains(&&*root.trim().to_ascii_lowercase()) {
            let what = format!("{root:?} is not a root of the registry");
            return self.add(rule::REGISTRY, line.place(), what, "write HKR, key, value, flags, data");
        }
        if !root.eq_ignore_ascii_case("HKR") {
            let what = format!("{root} is shared by all drivers");
            self.add(
                rule::REGISTRY_ROOT,
                field.place,
                what,
                "write to HKR, which belongs to the device or the service",
            );
        }
        if !adds {
            return;
        }
        if let Some(field) = line.field(3) {
            let text = inf.expand(field);
            if number(text.trim()).is_none() && !text.contains('%') {
                let what = format!("the flags {text:?} are not a number");
                self.add(
                    rule::REGISTRY,
                    field.place,
                    what,
                    "write a number, like 0x00010001 for a REG_DWORD",
                );
            }
        }
        for field in line.fields.iter().skip(4) {
            if MOVABLE.iter().any(|folder| field.text.contains(folder)) {
                let what =
                    format!("{} is written as it is on the machine that prepares the image", field.text);
                self.add(rule::REGISTRY_PATH, field.place, what, "write %%SystemRoot%% and a path");
            }
        }
    }
}
