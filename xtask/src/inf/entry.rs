//! Where Windows starts in an INF: the devices it is for, and the sections it installs.

use std::collections::HashSet;

use super::Inf;
use super::decoration::{Decoration, Platform};
use super::model::{Field, Line};
use crate::architecture::Architecture;

/// The parts of an install section that are sections of their own, named `section.part`.
pub(crate) const PARTS: [&str; 15] = [
    "Services",
    "HW",
    "CoInstallers",
    "Interfaces",
    "Components",
    "Software",
    "Events",
    "Filters",
    "WMI",
    "Wdf",
    "LogConfigOverride",
    "FactDef",
    "PosDup",
    "COM",
    "Devices",
];

/// A line of [Manufacturer].
#[derive(Clone, Debug)]
pub(crate) struct Manufacturer<'a> {
    pub(crate) line: &'a Line,
    /// The models section's name without decoration; nothing where it is left out.
    pub(crate) base: Option<String>,
    /// The decorations with which there are models sections.
    pub(crate) decorations: Vec<(&'a Field, String, Option<Decoration>)>,
}

/// A line of a models section.
#[derive(Clone, Debug)]
pub(crate) struct Device<'a> {
    pub(crate) line: &'a Line,
    /// The install section's name without decoration; nothing where it is left out.
    pub(crate) install: Option<String>,
    /// Hardware id and compatible ids, as the INF has them.
    pub(crate) ids: Vec<String>,
}

/// The line of [Version] that names the catalog for `architecture`, and the name.
pub(crate) fn catalog(inf: &Inf, architecture: Architecture) -> Option<(&Line, String)> {
    let decorated = format!("CatalogFile.NT{}", architecture.inf());
    let keys = [decorated.as_str(), "CatalogFile.NT", "CatalogFile"];
    let line = keys.iter().find_map(|key| inf.entries("Version", key).into_iter().next())?;
    Some((line, inf.value(line, 0)?))
}

/// The lines of [Manufacturer].
pub(crate) fn manufacturers(inf: &Inf) -> Vec<Manufacturer<'_>> {
    let lines = inf.section("Manufacturer").unwrap_or_default().into_iter();
    lines.map(|line| manufacturer(inf, line)).collect()
}

fn manufacturer<'a>(inf: &Inf, line: &'a Line) -> Manufacturer<'a> {
    let filled = line.fields.iter().skip(1).filter(|field| !field.text.is_empty());
    let decorations = filled.map(|field| {
        let text = inf.expand(field);
        let decoration = Decoration::parse(&text);
        (field, text, decoration)
    });
    Manufacturer { line, base: inf.value(line, 0), decorations: decorations.collect() }
}

/// The lines of the models section `section`.
pub(crate) fn devices<'a>(inf: &'a Inf, section: &str) -> Vec<Device<'a>> {
    let lines = inf.section(section).unwrap_or_default().into_iter();
    let read = |line: &'a Line| {
        let ids = (1..line.fields.len()).filter_map(|index| inf.value(line, index));
        Device { line, install: inf.value(line, 0), ids: ids.collect() }
    };
    lines.map(read).collect()
}

impl Manufacturer<'_> {
    /// The models section that Windows takes on `platform`. Only x86 takes one that names no architecture.
    fn models(&self, platform: &Platform) -> Option<String> {
        let base = self.base.as_ref()?;
        let x86 = platform.architecture == Architecture::X86;
        let own = self.decorated(|decoration| {
            decoration.fits(platform) && (x86 || decoration.architecture == Some(platform.architecture))
        });
        match own.into_iter().max_by_key(|(_, decoration)| decoration.closeness()) {
            Some((text, _)) => Some(format!("{base}.{text}")),
            None => x86.then(|| base.clone()),
        }
    }

    /// The models sections that some Windows for `architecture` takes.
    pub(crate) fn all_models(&self, architecture: Architecture) -> Vec<String> {
        let Some(base) = self.base.as_ref() else { return Vec::new() };
        let x86 = architecture == Architecture::X86;
        let own = self.decorated(|decoration| decoration.architecture.map_or(x86, |own| own == architecture));
        let names = own.into_iter().map(|(text, _)| format!("{base}.{text}"));
        names.chain(x86.then(|| base.clone())).collect()
    }

    fn decorated(&self, wanted: impl Fn(&Decoration) -> bool) -> Vec<(&str, Decoration)> {
        let decorations = self.decorations.iter();
        let decorations =
            decorations.filter_map(|(_, text, decoration)| Some((text.as_str(), (*decoration)?)));
        decorations.filter(|(_, decoration)| wanted(decoration)).collect()
    }
}

/// The architectures whose devices Inf2Cat counts for `architecture`: it compares the beginnings of decorations, so that
/// what is for ARM64 counts for ARM too.
pub(crate) fn counted_for(architecture: Architecture) -> &'static [Architecture] {
    match architecture {
        Architecture::X86 => &[Architecture::X86],
        Architecture::X64 => &[Architecture::X64],
        Architecture::Arm => &[Architecture::Arm, Architecture::Arm64],
        Architecture::Arm64 => &[Architecture::Arm64],
    }
}

/// The sections that Inf2Cat counts for `platform` in a run for `architectures`. Of devices it looks at the architecture
/// alone: a section for a later version or build counts too, and so does one that another architecture of the run names,
/// if it is found for this one.
pub(crate) fn cataloged_sections(
    inf: &Inf,
    platform: &Platform,
    architectures: &[Architecture],
) -> Vec<String> {
    let models = cataloged_models(inf, architectures);
    let devices = models.iter().flat_map(|models| devices(inf, models));
    let mut found: Vec<_> = devices.filter_map(|device| inf.actual(&device.install?, platform)).collect();
    found.extend(sections_without_device(inf, platform));
    each_once(found)
}

/// The models sections whose devices Inf2Cat names in a run for `architectures`.
pub(crate) fn cataloged_models(inf: &Inf, architectures: &[Architecture]) -> Vec<String> {
    let counted = || architectures.iter().flat_map(|architecture| counted_for(*architecture));
    let manufacturers = manufacturers(inf);
    let models = manufacturers.iter().flat_map(|manufacturer| {
        counted().flat_map(|architecture| manufacturer.all_models(*architecture)).collect::<Vec<_>>()
    });
    each_once(models.collect())
}

/// The install sections of the devices that the INF lists for `platform`.
fn devices_sections(inf: &Inf, platform: &Platform) -> Vec<String> {
    let manufacturers = manufacturers(inf);
    let models = manufacturers.iter().filter_map(|manufacturer| manufacturer.models(platform));
    let devices = models.flat_map(|models| devices(inf, &models));
    devices.filter_map(|device| inf.actual(&device.install?, platform)).collect()
}

/// The sections at which Windows starts on `platform`, each once: those of the devices, of a package without devices,
/// and of classes.
pub(crate) fn sections(inf: &Inf, platform: &Platform) -> Vec<String> {
    let mut found = devices_sections(inf, platform);
    found.extend(sections_without_device(inf, platform));
    each_once(found)
}

/// The sections at which Windows starts on `platform` without regard to devices.
fn sections_without_device(inf: &Inf, platform: &Platform) -> Vec<String> {
    let interfaces = inf.section("InterfaceInstall32").unwrap_or_default().into_iter();
    let bases = ["DefaultInstall", "ClassInstall32"].map(str::to_owned).into_iter();
    let bases = bases.chain(interfaces.filter_map(|line| inf.value(line, 0)));
    each_once(bases.filter_map(|base| inf.actual(&base, platform)).collect())
}

fn each_once(mut sections: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    sections.retain(|section| seen.insert(section.to_ascii_lowercase()));
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICES: &str = "[Manufacturer]\n%M% = Std,NTamd64,NTamd64.10.0...16299,NTarm64\n[Std]\n%D%=Old, A\\1\n[Std.NTamd64]\n%D% = Go, *PNP1, \"USB\\2\\\"\n[Std.NTamd64.10.0...16299]\n%D% = New, B\n[Std.NTarm64]\n[Old]\n[Go.NT]\n[New]\n[DefaultInstall]\n[Strings]\nM=m\nD=d\n";

    fn starts(architecture: &str, build: u32) -> Vec<String> {
        let inf = Inf::parse("t.inf", DEVICES.as_bytes()).unwrap();
        sections(&inf, &Platform::windows_10(architecture, build))
    }

    #[test]
    fn the_closest_models_section_leads_to_the_install_sections() {
        assert_eq!(starts("amd64", 10_240), ["Go.NT", "DefaultInstall"]);
        assert_eq!(starts("amd64", 17_763), ["New", "DefaultInstall"]);
        assert_eq!(starts("arm64", 17_763), ["DefaultInstall"]);
        assert_eq!(starts("x86", 17_763), ["Old", "DefaultInstall"]);
    }

    #[test]
    fn all_models_of_an_architecture_are_found() {
        let inf = Inf::parse("t.inf", DEVICES.as_bytes()).unwrap();
        let all = |architecture| manufacturers(&inf)[0].all_models(architecture);
        assert_eq!(all(Architecture::X64), ["Std.NTamd64", "Std.NTamd64.10.0...16299"]);
        assert_eq!(all(Architecture::X86), ["Std"]);
        assert_eq!(devices(&inf, "Std.NTamd64")[0].ids, ["*PNP1", "USB\\2\\"]);
    }
}
