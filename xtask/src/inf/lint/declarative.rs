//! What a declarative INF does not do.

use super::Lint;
use super::reach::Reach;
use crate::inf::install;
use crate::inf::rule;
use crate::inf::strings::language;

/// Directives that take away, register or rename.
const LEGACY: [&str; 13] = [
    "DelFiles",
    "RenFiles",
    "DelReg",
    "BitReg",
    "Ini2Reg",
    "UpdateInis",
    "UpdateIniFields",
    "ProfileItems",
    "RegisterDlls",
    "UnregisterDlls",
    "LogConfig",
    "DelService",
    "DelProperty",
];

impl Lint<'_> {
    /// Checks what only a declarative INF must not have.
    pub(super) fn declarative(&mut self, reach: &Reach<'_>) {
        let inf = self.inf;
        for section in reach.sections().filter(|section| language(&section.name).is_none()) {
            let name = section.name.to_ascii_lowercase();
            // For setup code that does not know primitive drivers; nobody else reads it.
            if name.starts_with("defaultuninstall") {
                continue;
            }
            let parts: Vec<&str> = name.split('.').collect();
            if parts[0] == "classinstall32"
                || parts.iter().any(|part| ["coinstallers", "logconfigoverride"].contains(part))
            {
                let what = format!("[{}] runs code of the package while it is installed", section.name);
                self.add(
                    rule::LEGACY_SECTION,
                    section.place,
                    what,
                    "remove it; the driver does at its start what must be done",
                );
            }
            for line in &section.lines {
                if let Some(directive) = LEGACY.iter().find(|directive| line.is(directive)) {
                    let what = format!("{directive} does something that Windows cannot undo");
                    self.add(rule::LEGACY_DIRECTIVE, line.place(), what, "remove it");
                }
            }
        }
        for installation in self.installations() {
            let files = install::files(inf, &installation.sections, &installation.platform).files;
            for file in files.iter().filter(|file| file.folder.is_some_and(|folder| folder != 13)) {
                let what = format!("{} goes to a folder that all drivers share", file.name);
                self.add(rule::DRIVER_STORE, file.field.place, what, "write 13 in [DestinationDirs]");
            }
        }
    }
}
