//! What is wrong with a manifest, whatever the files contain.

use std::collections::BTreeSet;

use super::{Driver, FORMAT, File, MANIFEST_FILE, Manifest, Registration, SIGNATURE_FILE};
use crate::names::{is_plain_byte, is_plain_path, is_service_name};

/// More drivers than this are no bundle, but an attempt to keep its reader busy.
const MOST_DRIVERS: usize = 256;

impl Manifest {
    /// What is wrong with the manifest itself, whatever the files contain: an unknown format, a path that leads out of
    /// the bundle or is listed twice, a hash that is none, an entry that points at a file which is not listed. Empty
    /// when all is well. Call it before using any path of a manifest that came from elsewhere.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.format != FORMAT {
            faults.push(format!("format is {}, this program reads format {FORMAT}", self.format));
        }
        // Names of folders are made of them.
        for (field, value) in [("name", &self.name), ("version", &self.version)] {
            if !value.bytes().all(|byte| byte == b'+' || is_plain_byte(byte))
                || !is_plain_path(&value.replace('+', "-"))
            {
                faults
                    .push(format!("{field}: {value:?} has more than letters, digits, '.', '-', '_' and '+'"));
            }
        }
        let mut previous: Option<&str> = None;
        let mut folded = BTreeSet::new();
        for File { path, sha256, .. } in &self.files {
            if !is_plain_path(path) {
                faults.push(format!("files: {path:?} is not a plain path inside the bundle"));
            }
            if [MANIFEST_FILE, SIGNATURE_FILE].iter().any(|own| path.eq_ignore_ascii_case(own)) {
                faults.push(format!("files: {path} cannot describe itself"));
            }
            if previous.is_some_and(|previous| previous >= path.as_str()) {
                faults.push(format!("files: {path:?} is out of order"));
            }
            if !folded.insert(path.to_ascii_lowercase()) {
                faults.push(format!("files: {path:?} is listed twice (letter case does not count)"));
            }
            if !is_hex(sha256, 64) {
                faults.push(format!("files: {path:?}: sha256 is not 64 lower-case hexadecimal digits"));
            }
            previous = Some(path);
        }
        if self.drivers.len() > MOST_DRIVERS {
            faults.push(format!(
                "drivers: there are {}, more than {MOST_DRIVERS} are not read",
                self.drivers.len()
            ));
        }
        let listed: BTreeSet<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        for (field, path) in self.references() {
            if !listed.contains(path) {
                faults.push(format!("{field}: {path:?} is not among the files"));
            }
        }
        if let Some(signer) = &self.signer
            && (!is_hex(&signer.sha1, 40) || !is_hex(&signer.sha256, 64))
        {
            faults
                .push("signer: sha1 or sha256 is not lower-case hexadecimal of the right length".to_owned());
        }
        let mut services = BTreeSet::new();
        for Driver { service, registrations, .. } in &self.drivers {
            for Registration { name, npi, .. } in registrations {
                if nmr_abi::Guid::parse(npi).map(|guid| guid.to_string()).as_ref() != Ok(npi) {
                    faults.push(format!("drivers: {service}: {name}: {npi:?} is no GUID in lower case"));
                }
            }
            if !is_service_name(service) {
                faults.push(format!("drivers: {service:?} is no service name (letters, digits, '-', '_')"));
            }
            if !services.insert(service.to_ascii_lowercase()) {
                faults.push(format!("drivers: {service:?} is listed twice"));
            }
        }
        faults
    }

    fn references(&self) -> Vec<(String, &str)> {
        let mut all = vec![
            ("nmrctl".to_owned(), self.nmrctl.as_str()),
            ("sbom".to_owned(), self.sbom.as_str()),
            ("licences".to_owned(), self.licences.as_str()),
        ];
        all.extend(
            self.signer.as_ref().map(|signer| ("signer.certificate".to_owned(), signer.certificate.as_str())),
        );
        for driver in &self.drivers {
            let Driver { service, inf, catalog, image, symbols, .. } = driver;
            for (field, path) in [("inf", inf), ("catalog", catalog), ("image", image), ("symbols", symbols)]
            {
                all.push((format!("drivers: {service}: {field}"), path));
            }
        }
        all
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::{Role, Signer, Source};
    use super::*;

    fn sample() -> Manifest {
        let listed =
            ["a/a.cat", "a/a.inf", "a/a.pdb", "a/a.sys", "l.txt", "nmrctl.exe", "s.json", "signer.cer"];
        Manifest {
            format: FORMAT,
            name: "sample".into(),
            version: "1.2.3".into(),
            architecture: "x64".into(),
            source: Source { revision: None, modified: false, toolchain: "rustc".into(), time: 0 },
            signer: Some(Signer {
                certificate: "signer.cer".into(),
                sha1: "0".repeat(40),
                sha256: "0".repeat(64),
            }),
            nmrctl: "nmrctl.exe".into(),
            minimum_build: 18362,
            sbom: "s.json".into(),
            licences: "l.txt".into(),
            drivers: vec![Driver {
                service: "a".into(),
                inf: "a/a.inf".into(),
                catalog: "a/a.cat".into(),
                image: "a/a.sys".into(),
                symbols: "a/a.pdb".into(),
                symbols_id: None,
                minimum_build: 18362,
                registrations: vec![Registration {
                    name: "echo".into(),
                    role: Role::Provider,
                    npi: "c1b6a3b2-5d0f-4c39-9a77-3b1f0e6d2a41".into(),
                    instances: 1,
                }],
            }],
            files: listed.iter().map(|path| File::describe(*path, path.as_bytes())).collect(),
        }
    }

    #[test]
    fn a_well_formed_manifest_has_no_faults() {
        assert_eq!(sample().faults(), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_named() {
        fn fault(change: impl FnOnce(&mut Manifest)) -> String {
            let mut manifest = sample();
            change(&mut manifest);
            manifest.faults().join("; ")
        }
        assert!(fault(|m| m.format = 2).contains("format is 2"));
        for name in ["../x", "/x", "a/b", "", "..", "a b", "NUL"] {
            assert!(fault(|m| m.name = name.into()).starts_with("name: "), "{name}");
            assert!(fault(|m| m.version = name.into()).starts_with("version: "), "{name}");
        }
        assert_eq!(fault(|m| m.version = "1.2.3-beta.1+5".into()), "");
        assert!(
            fault(|m| m.files.insert(0, File::describe("MANIFEST.json", b"")))
                .contains("cannot describe itself")
        );
        assert!(fault(|m| m.files[0].path = "../x".into()).contains("not a plain path"));
        assert!(fault(|m| m.files.swap(0, 1)).contains("out of order"));
        assert!(fault(|m| m.files.insert(0, File::describe("A/A.CAT", b""))).contains("listed twice"));
        assert!(fault(|m| m.files[0].sha256.make_ascii_uppercase()).contains("hexadecimal"));
        assert!(
            fault(|m| m.files.retain(|f| f.path != "nmrctl.exe"))
                .contains("nmrctl: \"nmrctl.exe\" is not among")
        );
        assert!(fault(|m| m.drivers[0].inf = "b.inf".into()).contains("drivers: a: inf"));
        assert!(fault(|m| m.signer.as_mut().unwrap().sha1.clear()).contains("signer"));
        let upper = |m: &mut Manifest| m.drivers[0].registrations[0].npi.make_ascii_uppercase();
        assert!(fault(upper).contains("a: echo: \"C1B6A3B2-5D0F-4C39-9A77-3B1F0E6D2A41\" is no GUID"));
        assert!(fault(|m| m.drivers[0].service = "a b".into()).contains("no service name"));
        assert!(fault(|m| m.drivers.push(m.drivers[0].clone())).contains("\"a\" is listed twice"));
        assert!(
            fault(|m| m.files.push(File::describe(MANIFEST_FILE, b""))).contains("cannot describe itself")
        );
    }
}
