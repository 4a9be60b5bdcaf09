//! A driver package that somebody else made: a folder with INF, catalog and images, and no manifest of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use super::{Class, Examined, Finding, image, listing, symbols_of, system, trust};
use crate::architecture::Architecture;
use crate::bundle::Bundle;
use crate::certificate::Certificate;
use crate::inf::{Inf, Problem, lint};
use crate::pe::{self, Image};
use crate::signature::general::{self, Form};

/// Whether this is a package and no bundle: an INF, and no manifest.
pub(super) fn is_one(files: &Bundle) -> bool {
    files.get(nmrctl::manifest::MANIFEST_FILE).is_none() && files.files.keys().any(|path| is_inf(path))
}

fn is_inf(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".inf")
}

/// Examines the package `files` at the time `now`. Without `roots`, whom the signers lead to is not judged.
pub(super) fn examine(files: &Bundle, roots: &[Certificate], now: SystemTime) -> Examined {
    let mut package = Package { files, by_name: by_name(files), roots, now, examined: Examined::default() };
    for path in files.files.keys().filter(|path| is_inf(path)) {
        package.inf(path);
    }
    let mut examined = package.examined;
    examined.findings.sort();
    examined.findings.dedup();
    examined
}

/// Windows does not tell upper from lower case.
fn by_name(files: &Bundle) -> BTreeMap<String, &str> {
    files.files.keys().map(|path| (path.to_ascii_lowercase(), path.as_str())).collect()
}

struct Package<'a> {
    files: &'a Bundle,
    by_name: BTreeMap<String, &'a str>,
    roots: &'a [Certificate],
    now: SystemTime,
    examined: Examined,
}

impl<'a> Package<'a> {
    fn found(&mut self, class: Class, file: &str, field: impl Into<String>, what: impl Into<String>) {
        self.examined.findings.push(Finding::new(class, file, field, what));
    }

    /// The file at `path`, whatever its letter case.
    fn file(&self, path: &str) -> Option<(&'a str, &'a [u8])> {
        let path = *self.by_name.get(&path.to_ascii_lowercase())?;
        Some((path, self.files.get(path)?))
    }

    fn inf(&mut self, path: &str) {
        let Some((path, bytes)) = self.file(path) else { return };
        let inf = match Inf::parse(path, bytes) {
            Ok(inf) => inf,
            Err(problems) => return self.problems(path, &problems.list),
        };
        let errors: Vec<Problem> = lint::check(&inf).into_iter().filter(Problem::is_error).collect();
        self.problems(path, &errors);
        let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let mut digests = BTreeSet::new();
        let catalogs = listing::catalogs(&inf);
        if catalogs.is_empty() {
            self.found(
                Class::Catalog,
                path,
                "CatalogFile",
                "it names no catalog, so that nothing vouches for it",
            );
        }
        for catalog in &catalogs {
            match self.file(&format!("{folder}{catalog}")) {
                Some((catalog, bytes)) => digests.extend(self.catalog(catalog, bytes)),
                None => self.found(
                    Class::Damaged,
                    path,
                    "CatalogFile",
                    format!("{catalog} is not in the package"),
                ),
            }
        }
        if !catalogs.is_empty() {
            self.vouched_for(path, bytes, &digests);
        }
        for listed in listing::files(&inf) {
            match self.file(&format!("{folder}{}", listed.path)) {
                Some((found, bytes)) => {
                    self.vouched_for(found, bytes, &digests);
                    self.image(found, bytes, path, &inf);
                }
                None if listed.for_some_machines => {}
                None => {
                    let what = format!("{} is not in the package", listed.path);
                    self.found(Class::Damaged, path, format!("line {}", listed.line), what);
                }
            }
        }
    }

    fn problems(&mut self, path: &str, problems: &[Problem]) {
        for problem in problems {
            let field = format!("line {}, column {}", problem.place.line, problem.place.column);
            self.found(Class::Inf, path, field, format!("{}; {}", problem.what, problem.instead));
        }
    }

    /// Checks a catalog's signature; answers the digests that it vouches for.
    fn catalog(&mut self, path: &str, bytes: &[u8]) -> BTreeSet<Vec<u8>> {
        self.signature(path, bytes);
        let digests = general::content(bytes, Form::Signature).and_then(|(_, list)| listing::digests(&list));
        digests.unwrap_or_else(|what| {
            self.found(Class::Catalog, path, "list", what);
            BTreeSet::new()
        })
    }

    /// Checks the signature `der` in the file at `path`, and who made it.
    fn signature(&mut self, path: &str, der: &[u8]) {
        let signed = match general::examine(der, Form::Signature) {
            Ok(signed) => signed,
            Err(what) => return self.found(Class::Signature, path, "signature", what),
        };
        let time = match trust::time_of(der, self.roots, self.now) {
            Ok(time) => time,
            Err(what) => {
                self.found(Class::Signature, path, "timestamp", what);
                self.now
            }
        };
        for fault in signed.certificate.foreign_faults(time) {
            let what = format!("{}: {fault}", signed.certificate.subject());
            self.found(Class::Trust, path, "certificate", what);
        }
        if !self.roots.is_empty()
            && let Err(what) = trust::check(der, &signed.certificate, self.roots, time)
        {
            self.found(Class::Trust, path, "certificate", what);
        }
        self.examined.signer = Some(signed.certificate);
    }

    fn vouched_for(&mut self, path: &str, bytes: &[u8], digests: &BTreeSet<Vec<u8>>) {
        match listing::Known::by(bytes, digests) {
            Ok(listing::Known::Sha256) => {}
            Ok(listing::Known::Sha1Alone) => {
                let what = "its catalog knows it by SHA-1 alone, which vouches for nothing any more";
                self.found(Class::Catalog, path, "digest", what);
            }
            Ok(listing::Known::No) => {
                let what = "its catalog does not know its digest: the file was changed, or the catalog was";
                self.found(Class::Catalog, path, "digest", what);
            }
            Err(fault) => self.found(Class::Image, path, fault.field, fault.what),
        }
    }

    /// What can be said of an image, its own signature included.
    fn image(&mut self, path: &str, bytes: &[u8], inf_path: &str, inf: &Inf) {
        if !pe::claims_to_be_pe(bytes) {
            if path.to_ascii_lowercase().ends_with(".sys") {
                self.found(Class::Image, path, "signature", "it is no image");
            }
            return;
        }
        let image = match Image::parse(bytes) {
            Ok(image) => image,
            Err(fault) => return self.found(Class::Image, path, fault.field, fault.what),
        };
        if !path.to_ascii_lowercase().ends_with(".sys") {
            return;
        }
        match image.signature() {
            Ok(None) => {}
            Ok(Some(der)) => {
                self.signature(path, der);
                if let Err(what) = listing::check_embedded(der, &image) {
                    self.found(Class::Signature, path, "signature", what);
                }
            }
            Err(fault) => self.found(Class::Signature, path, fault.field, fault.what),
        }
        let Some(architecture) = Architecture::ALL.into_iter().find(|known| known.machine() == image.machine)
        else {
            return;
        };
        let findings = &mut self.examined.findings;
        image::check_form(path, &image, architecture, true, findings);
        system::check(path, &image, inf_path, inf, architecture, findings);
        self.examined.drivers.push(path.to_owned());
        if let Ok(Some(record)) = image.debug_record() {
            let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            // Under the name that the image knows, or that of the image.
            let known = record.file.rsplit(['\\', '/']).next().unwrap_or_default();
            let own = format!("{}pdb", path.strip_suffix("sys").unwrap_or_default());
            let symbols = self.file(&format!("{folder}{known}")).or_else(|| self.file(&own));
            if let Some((symbols_path, symbols)) = symbols {
                symbols_of::check(path, &image, symbols_path, symbols, &mut self.examined.findings);
            }
        }
    }
}

#[cfg(test)]
mod tests;
