//! A driver package that somebody else made: a folder with INF, catalog and images, and no manifest of ours.

mod shipped;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use super::{Class, Examined, Finding, image, symbols_of, system, trust, vouched};
use crate::architecture::Architecture;
use crate::bundle::{Bundle, Oddity};
use crate::certificate::Certificate;
use crate::inf::{Inf, Problem, entry, lint};
use crate::pe::{self, Image};
use crate::signature::general::{self, Form};

/// Whether this is a package and no bundle: an INF, and no manifest.
pub(super) fn is_one(files: &Bundle) -> bool {
    files.get(nmrctl::manifest::MANIFEST_FILE).is_none() && files.files.keys().any(|path| is_inf(path))
}

fn is_inf(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".inf")
}

/// Examines the package `files`, beside which `oddities` were met, at the time `now`. Without `roots`, whom the signers
/// lead to is not judged.
pub(super) fn examine(
    files: &Bundle,
    oddities: &[Oddity],
    roots: &[Certificate],
    now: SystemTime,
) -> Examined {
    let mut package = Package {
        files,
        by_name: HashMap::new(),
        roots,
        now,
        catalogs: BTreeMap::new(),
        judged: BTreeSet::new(),
        examined: Examined::default(),
    };
    for odd in oddities {
        package.found(Class::Damaged, &odd.path, "name", odd.what.as_str());
    }
    package.names();
    for path in files.files.keys().filter(|path| is_inf(path)) {
        package.inf(path);
    }
    package.strangers();
    let mut examined = package.examined;
    examined.findings.sort();
    examined.findings.dedup();
    examined.outdated_signatures.sort();
    examined.outdated_signatures.dedup();
    examined
}

/// Whether it is code, by what it holds or by what it is called.
fn is_code(path: &str, bytes: &[u8]) -> bool {
    let lower = path.to_ascii_lowercase();
    pe::claims_to_be_pe(bytes) || [".sys", ".dll", ".exe"].iter().any(|ending| lower.ends_with(ending))
}

/// Windows does not tell upper from lower case.
fn folded(path: &str) -> String {
    path.to_uppercase()
}

struct Package<'a> {
    files: &'a Bundle,
    /// The paths by how Windows tells them apart.
    by_name: HashMap<String, &'a str>,
    roots: &'a [Certificate],
    now: SystemTime,
    /// The catalogs that INF files name, each with the digests that it vouches for.
    catalogs: BTreeMap<String, BTreeSet<String>>,
    /// The files that a catalog was held against.
    judged: BTreeSet<String>,
    examined: Examined,
}

impl<'a> Package<'a> {
    fn found(&mut self, class: Class, file: &str, field: impl Into<String>, what: impl Into<String>) {
        self.examined.findings.push(Finding::new(class, file, field, what));
    }

    /// Finds the files by name. Of two that Windows does not tell apart, it would be a matter of luck which is used.
    fn names(&mut self) {
        for path in self.files.files.keys() {
            if let Some(other) = self.by_name.insert(folded(path), path) {
                let what = format!(
                    "its name is that of {other} but for the letter case, which Windows does not mind"
                );
                self.found(Class::Damaged, path, "name", what);
            }
        }
    }

    /// The file at `path`, whatever its letter case.
    fn file(&self, path: &str) -> Option<(&'a str, &'a [u8])> {
        let path = *self.by_name.get(&folded(path))?;
        Some((path, self.files.get(path)?))
    }

    fn inf(&mut self, path: &str) {
        let Some(bytes) = self.files.get(path) else { return };
        let inf = match Inf::parse(path, bytes) {
            Ok(inf) => inf,
            Err(problems) => return self.problems(path, &problems.list),
        };
        let errors: Vec<Problem> = lint::check(&inf).into_iter().filter(Problem::is_error).collect();
        self.problems(path, &errors);
        let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let there = |file: &str| self.file(&format!("{folder}{file}")).is_some();
        let shipped = shipped::shipped(lint::payloads(&inf), there);
        for missing in &shipped.missing {
            let what = format!("{} is not in the package", missing.source);
            self.found(Class::Damaged, path, format!("line {}", missing.field.place.line), what);
        }
        for (architecture, files) in shipped.payloads {
            let Some(digests) = self.catalog_for(&inf, path, &folder, architecture) else { continue };
            self.vouched_for(path, bytes, &digests);
            for file in files {
                if let Some((found, bytes)) = self.file(&format!("{folder}{}", file.source)) {
                    let vouched_for = self.vouched_for(found, bytes, &digests);
                    self.image(found, bytes, path, &inf, vouched_for);
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

    /// The digests that the catalog of `inf` for `architecture` vouches for; nothing when there is none.
    fn catalog_for(
        &mut self,
        inf: &Inf,
        path: &str,
        folder: &str,
        architecture: Architecture,
    ) -> Option<BTreeSet<String>> {
        let Some((_, name)) = entry::catalog(inf, architecture).filter(|(_, name)| !name.is_empty()) else {
            let what =
                format!("it names no catalog for {}, so that nothing vouches for it", architecture.name());
            self.found(Class::Catalog, path, "CatalogFile", what);
            return None;
        };
        match self.file(&format!("{folder}{name}")) {
            Some((catalog, bytes)) => Some(self.catalog(catalog, bytes)),
            None => {
                self.found(Class::Damaged, path, "CatalogFile", format!("{name} is not in the package"));
                None
            }
        }
    }

    /// Checks a catalog's signature; answers the digests that it vouches for.
    fn catalog(&mut self, path: &str, bytes: &[u8]) -> BTreeSet<String> {
        if let Some(digests) = self.catalogs.get(path) {
            return digests.clone();
        }
        self.signature(path, bytes);
        let digests = vouched::digests(bytes).unwrap_or_else(|what| {
            self.found(Class::Catalog, path, "list", what);
            BTreeSet::new()
        });
        self.catalogs.insert(path.to_owned(), digests.clone());
        digests
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
        let signers = &mut self.examined.signers;
        if signers.iter().all(|known| known.der != signed.certificate.der) {
            signers.push(signed.certificate);
        }
    }

    /// Answers whether the catalog with these digests vouches for the file.
    fn vouched_for(&mut self, path: &str, bytes: &[u8], digests: &BTreeSet<String>) -> bool {
        self.judged.insert(path.to_owned());
        match vouched::Known::by(bytes, digests) {
            Ok(vouched::Known::Sha256) => return true,
            Ok(vouched::Known::Sha1Alone) => {
                let what = "its catalog knows it by SHA-1 alone, which vouches for nothing any more";
                self.found(Class::Catalog, path, "digest", what);
            }
            Ok(vouched::Known::No) => {
                let what = "its catalog does not know its digest: the file was changed, or the catalog was";
                self.found(Class::Catalog, path, "digest", what);
            }
            Ok(vouched::Known::Unjudged) => {
                let what = "it is a cabinet with room for a signature, and whether its catalog knows it cannot be said here: \
                            `signtool verify /c <catalog> <file>` on Windows does";
                self.found(Class::Catalog, path, "digest", what);
            }
            Err(fault) => self.found(Class::Image, path, fault.field, fault.what),
        }
        false
    }

    /// Files that no INF leads to. Code among them must be vouched for all the same: by a catalog, or by a signature of its
    /// own. The rest is told.
    fn strangers(&mut self) {
        let all: BTreeSet<String> = self.catalogs.values().flatten().cloned().collect();
        for (path, bytes) in &self.files.files {
            if self.judged.contains(path) || self.catalogs.contains_key(path) {
                continue;
            }
            if vouched::Known::by(bytes, &all) == Ok(vouched::Known::Sha256) {
                continue;
            }
            match Image::parse(bytes) {
                _ if !is_code(path, bytes) => self.examined.not_vouched_for.push(path.clone()),
                Ok(image) if image.signature().is_ok_and(|der| der.is_some()) => self.embedded(path, &image),
                _ => {
                    let what = "neither a catalog nor a signature of its own vouches for this code";
                    self.found(Class::Catalog, path, "digest", what);
                }
            }
        }
    }

    /// The signature inside of an image, if there is one.
    fn embedded(&mut self, path: &str, image: &Image<'_>) {
        match image.signature() {
            Ok(None) => {}
            Ok(Some(der)) => {
                self.signature(path, der);
                if let Err(what) = vouched::check_embedded(der, image) {
                    self.found(Class::Signature, path, "signature", what);
                }
            }
            Err(fault) => self.found(Class::Signature, path, fault.field, fault.what),
        }
    }

    /// What can be said of an image, its own signature included. One of a kind that is no longer taken is no fault of an
    /// image that a catalog vouches for: Windows looks for a catalog when the signature inside does not do.
    fn image(&mut self, path: &str, bytes: &[u8], inf_path: &str, inf: &Inf, vouched_for: bool) {
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
        if vouched_for && matches!(image.signature(), Ok(Some(der)) if general::is_outdated(der)) {
            self.examined.outdated_signatures.push(path.to_owned());
        } else {
            self.embedded(path, &image);
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
