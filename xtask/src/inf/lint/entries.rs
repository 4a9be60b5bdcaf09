//! Where Windows starts: manufacturers, models, [DefaultInstall], and the decorations of each.

use std::collections::HashSet;

use super::Lint;
use super::reach::Reach;
use crate::inf::decoration::Decoration;
use crate::inf::entry::{self, Device, Manufacturer};
use crate::inf::model::{Field, folded};
use crate::inf::{Place, rule};

/// Processors of which there is no Windows any more; decorations for them are of no use, and right.
const GONE: [&str; 5] = ["ntia64", "ntalpha", "ntaxp64", "ntmips", "ntppc"];

impl Lint<'_> {
    /// Checks what Windows starts at.
    pub(super) fn entries(&mut self, reach: &Reach<'_>) {
        let inf = self.inf;
        let is_default = |name: &str| folded(name).split('.').next() == Some("defaultinstall");
        let default = inf.sections.iter().find(|section| is_default(&section.name));
        let devices = inf.has("Manufacturer");
        if devices && let Some(default) = default {
            let what = format!("[Manufacturer] and [{}] stand in one file", default.name);
            let instead =
                "keep [Manufacturer] for a driver of devices, [DefaultInstall] for a primitive driver";
            self.add(rule::TWO_ENTRIES, default.place, what, instead);
        }
        let others = ["ClassInstall32", "InterfaceInstall32", "DefaultUninstall"];
        let variant = |name: &str| inf.has(name) || inf.variants(name).next().is_some();
        if !devices && default.is_none() && !others.into_iter().any(variant) {
            let what = "the file installs nothing: it has no [Manufacturer] and no [DefaultInstall]";
            self.add(rule::NO_ENTRY, Place::START, what, "add [DefaultInstall.NTamd64], or [Manufacturer]");
        }
        self.default_installs(devices);
        for manufacturer in entry::manufacturers(inf) {
            self.manufacturer(&manufacturer, reach);
        }
    }

    fn default_installs(&mut self, devices: bool) {
        let inf = self.inf;
        for base in ["DefaultInstall", "DefaultUninstall"] {
            let variants: Vec<_> =
                inf.variants(base).map(|(name, decoration)| (name.to_owned(), decoration)).collect();
            let decorated = variants.iter().any(|(_, decoration)| decoration.architecture.is_some());
            if inf.has(base) && !decorated && !devices {
                let what = format!("[{base}] is not decorated with an architecture");
                let instead = format!("write [{base}.NTamd64]");
                self.add(rule::ARCHITECTURE, inf.place_of(base), what, instead);
            }
            for (name, decoration) in &variants {
                self.problems.extend(decoration.problem(inf.place_of(name)));
            }
        }
        let primitive = !devices
            && inf.variants("DefaultInstall").any(|(_, decoration)| decoration.architecture.is_some());
        for section in inf.sections.iter().filter(|_| primitive) {
            let is_uninstall = section.is("DefaultUninstall")
                || Decoration::split(&section.name)
                    .is_some_and(|(base, _)| base.eq_ignore_ascii_case("DefaultUninstall"));
            let legacy = inf.entries(&section.name, "LegacyUninstall");
            let says_so = legacy.iter().any(|line| inf.value(line, 0).as_deref() == Some("1"));
            if is_uninstall && !says_so {
                let what = format!("Windows does not know [{}] for one of a primitive driver", section.name);
                self.add(rule::LEGACY_UNINSTALL, section.place, what, "add `LegacyUninstall = 1` to it");
            }
        }
    }

    fn manufacturer(&mut self, manufacturer: &Manufacturer<'_>, reach: &Reach<'_>) {
        let inf = self.inf;
        let place = manufacturer.line.place();
        let Some(base) = &manufacturer.base else {
            return self.add(
                rule::MODELS,
                place,
                "this manufacturer has no models section",
                "write %Name% = models-section, NTamd64",
            );
        };
        for (field, text, decoration) in &manufacturer.decorations {
            self.decoration(field, text, decoration.as_ref());
        }
        if manufacturer.decorations.is_empty() {
            let what = format!("Windows takes [{base}] on x86 alone, because it names no architecture");
            let instead = format!("write {base},NTamd64 and [{base}.NTamd64]");
            self.add(rule::ARCHITECTURE, place, what, instead);
        }
        let names =
            manufacturer.decorations.iter().map(|(field, text, _)| (format!("{base}.{text}"), field.place));
        let (present, missing): (Vec<_>, Vec<_>) = names.partition(|(name, _)| inf.has(name));
        if present.is_empty() && !inf.has(base) {
            let what = format!("there is no models section [{base}], with or without decoration");
            let wanted = missing.first().map_or(base, |(name, _)| name);
            self.add(rule::MISSING_SECTION, place, what, format!("add [{wanted}]"));
        } else {
            for (name, place) in missing {
                let what = format!("there is no models section [{name}]");
                self.add(
                    rule::ARCHITECTURE,
                    place,
                    what,
                    format!("add [{name}], or take the decoration away"),
                );
            }
        }
        for (name, _) in present.into_iter().chain(inf.has(base).then(|| (base.clone(), place))) {
            self.models(&name, reach);
        }
    }

    fn decoration(&mut self, field: &Field, text: &str, decoration: Option<&Decoration>) {
        let lower = text.to_ascii_lowercase();
        match decoration {
            Some(decoration) => self.problems.extend(decoration.problem(field.place)),
            None if GONE.iter().any(|gone| lower.starts_with(gone)) => {}
            None if text.contains('$') => {
                self.add(
                    rule::UNRESOLVED_TOKEN,
                    field.place,
                    format!("{text} was not stamped"),
                    "stamp the file first",
                );
            }
            None => {
                let what = format!("{text:?} is not a decoration");
                self.add(
                    rule::DECORATION,
                    field.place,
                    what,
                    "write NTamd64, NTarm64 or NTx86, and a version like .10.0...19041",
                );
            }
        }
    }

    fn models(&mut self, section: &str, reach: &Reach<'_>) {
        let mut seen = HashSet::new();
        for device in entry::devices(self.inf, section) {
            self.device(&device, reach);
            if let Some(id) = device.ids.first()
                && !seen.insert((id.to_ascii_lowercase(), device.install.clone()))
            {
                let what = format!("[{section}] lists {id} twice");
                self.add(rule::HARDWARE_ID, device.line.place(), what, "keep one of them");
            }
        }
    }

    fn device(&mut self, device: &Device<'_>, reach: &Reach<'_>) {
        let place = device.line.place();
        let Some(install) = &device.install else {
            let what = "this device has no install section";
            return self.add(rule::MODELS, place, what, "write %Description% = install-section, hardware-id");
        };
        if !reach.has_any(install) {
            let place = device.line.field(0).map_or(place, |field| field.place);
            let what = format!("there is no install section [{install}]");
            self.add(rule::MISSING_SECTION, place, what, format!("add [{install}.NT]"));
        }
    }
}
