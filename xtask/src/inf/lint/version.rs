//! The [Version] section.

use std::collections::HashMap;

use super::{Lint, class};
use crate::inf::{Place, rule};

impl Lint<'_> {
    /// Checks [Version].
    pub(super) fn version(&mut self) {
        if !self.inf.has("Version") {
            let instead = "add [Version] with Signature = \"$Windows NT$\"";
            return self.add(rule::SIGNATURE, Place::START, "there is no section [Version]", instead);
        }
        self.signature();
        self.duplicate_keys();
        // What installs nothing by itself needs no more.
        let installs = |section: &str| self.inf.has(section) || self.inf.variants(section).next().is_some();
        if !["Manufacturer", "DefaultInstall", "ClassInstall32"].into_iter().any(installs) {
            return;
        }
        self.provider();
        self.class();
        let instead = "DriverVer = mm/dd/yyyy,w.x.y.z";
        self.wanted(rule::DRIVER_VER, "Version", "DriverVer", instead, is_driver_ver);
        self.catalogs();
        let lockdown = self.inf.entries("Version", "PnpLockdown");
        let value = lockdown.first().and_then(|line| self.inf.value(line, 0));
        if value.is_none_or(|value| crate::inf::install::number(&value) != Some(1)) {
            let place = lockdown.first().map_or(self.inf.place_of("Version"), |line| line.place());
            let what = "other programs may replace the installed files";
            self.add(rule::LOCKDOWN, place, what, "write `PnpLockdown = 1` in [Version]");
        }
    }

    fn signature(&mut self) {
        let known = |value: &str| {
            ["$windows nt$", "$windows 95$", "$chicago$"].contains(&&*value.to_ascii_lowercase())
        };
        let instead = "Signature = \"$Windows NT$\"";
        if let Some((value, field)) = self.wanted(rule::SIGNATURE, "Version", "Signature", instead, known)
            && !value.eq_ignore_ascii_case("$Windows NT$")
        {
            let what = format!("{value} is the signature of Windows 95");
            self.add(rule::OLD_SIGNATURE, field.place, what, format!("write `{instead}`"));
        }
    }

    fn duplicate_keys(&mut self) {
        let mut seen: HashMap<String, Vec<String>> = HashMap::new();
        for line in self.inf.section("Version").unwrap_or_default() {
            let Some(key) = &line.key else { continue };
            let values: Vec<String> = line.fields.iter().map(|field| self.inf.expand(field)).collect();
            let name = key.text.to_ascii_lowercase();
            if let Some(first) = seen.get(&name) {
                let rule = if *first == values { rule::REPEATED_KEY } else { rule::DUPLICATE_KEY };
                let what = format!("[Version] has {} twice", key.text);
                self.add(rule, key.place, what, "keep one of them");
            }
            seen.entry(name).or_insert(values);
        }
    }

    fn provider(&mut self) {
        let provider =
            self.wanted(rule::PROVIDER, "Version", "Provider", "Provider = %Provider%", |provider| {
                !provider.is_empty()
            });
        if let Some((value, field)) = provider
            && value.eq_ignore_ascii_case("Microsoft")
        {
            let what = "only Microsoft provides drivers as Microsoft";
            self.add(rule::FOREIGN_PROVIDER, field.place, what, "write your organisation's name");
        }
    }

    fn class(&mut self) {
        let name = self.wanted(rule::CLASS, "Version", "Class", "Class = System", |class| {
            !class.is_empty() && class.encode_utf16().count() <= 31
        });
        let example = "ClassGuid = {4D36E97D-E325-11CE-BFC1-08002BE10318}";
        let guid = self.wanted(rule::CLASS, "Version", "ClassGuid", example, is_guid);
        let (Some((name, _)), Some((guid, guid_field))) = (name, guid) else { return };
        if let Some(expected) = class::mismatch(&name, &guid) {
            let what = format!("Class {name} and ClassGuid {guid} do not belong together");
            self.add(rule::FOREIGN_CLASS, guid_field.place, what, format!("write `{expected}`"));
        }
        if name.eq_ignore_ascii_case("Extension") {
            let instead = "ExtensionId = {a GUID of your own}";
            self.wanted(rule::EXTENSION_ID, "Version", "ExtensionId", instead, is_guid);
        }
        if class::is_known(&guid) && self.inf.has("ClassInstall32") {
            let what = format!("{name} is a class of Windows, which has its [ClassInstall32] already");
            let place = self.inf.place_of("ClassInstall32");
            self.add(rule::FOREIGN_CLASS, place, what, "remove it");
        }
    }

    fn catalogs(&mut self) {
        let lines = self.inf.section("Version").unwrap_or_default().into_iter();
        let is_catalog = |key: &str| {
            let key = key.to_ascii_lowercase();
            key == "catalogfile" || key.starts_with("catalogfile.")
        };
        let catalogs: Vec<_> =
            lines.filter(|line| line.key.as_ref().is_some_and(|key| is_catalog(&key.text))).collect();
        if catalogs.is_empty() {
            let place = self.inf.place_of("Version");
            let what = "[Version] has no CatalogFile";
            self.add(rule::CATALOG_FILE, place, what, "write `CatalogFile = driver-name.cat`");
        }
        for line in catalogs {
            let value = self.inf.value(line, 0).unwrap_or_default();
            let plain = !value.contains(['\\', '/', ':']);
            if !plain || value.len() < 5 || !value.to_ascii_lowercase().ends_with(".cat") {
                let place = line.field(0).map_or(line.place(), |field| field.place);
                let what = format!("CatalogFile is {value:?}");
                self.add(rule::CATALOG_FILE, place, what, "write `CatalogFile = driver-name.cat`");
            }
        }
    }
}

/// Whether `text` is a GUID in braces.
pub(super) fn is_guid(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return false;
    };
    let parts: Vec<&str> = inner.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `mm/dd/yyyy[,w.x.y.z]`, each part of the version up to 65535; Windows fills in what is left out of the version.
fn is_driver_ver(text: &str) -> bool {
    let (date, version) = text.split_once(',').unwrap_or((text, "0.0.0.0"));
    let numbers = |text: &str, separator: &[char]| -> Option<Vec<u16>> {
        text.trim().split(separator).map(|part| part.trim().parse::<u16>().ok()).collect()
    };
    let date = numbers(date, &['/', '-']);
    let good_date = matches!(date.as_deref(), Some([1..=12, 1..=31, 1980..=2100]));
    good_date && numbers(version, &['.']).is_some_and(|version| (1..=4).contains(&version.len()))
}
