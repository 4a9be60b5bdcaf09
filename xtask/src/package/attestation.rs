//! The cabinet that Microsoft's Hardware Dev Center takes for attestation signing: a folder for each driver package, nothing
//! at the root, with the symbols.

use std::io::{Cursor, Write as _};

use anyhow::{Context as _, Result, ensure};
use cab::{CabinetBuilder, CompressionType};
use nmrctl::manifest::Manifest;

use crate::bundle::Bundle;
use crate::moment::Moment;

/// The portal refuses longer names of folders.
const LONGEST_FOLDER: usize = 39;

/// The cabinet for the drivers of `bundle`, which `manifest` describes. The same bundle gives the same bytes.
pub(super) fn cabinet(bundle: &Bundle, manifest: &Manifest, moment: Moment) -> Result<Vec<u8>> {
    let mut builder = CabinetBuilder::new();
    let mut contents = Vec::new();
    for driver in &manifest.drivers {
        let name = &driver.service;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        ensure!(
            name.len() <= LONGEST_FOLDER && name.bytes().all(plain),
            "driver {name}: the folder of a package in the cabinet has its name, of up to {LONGEST_FOLDER} letters, \
             digits, '-' and '_'"
        );
        let folder = builder.add_folder(CompressionType::MsZip);
        let mut paths = [&driver.inf, &driver.image, &driver.symbols, &driver.catalog];
        paths.sort();
        for path in paths {
            let content = bundle.get(path).with_context(|| format!("{path} is missing"))?;
            let file_name = path.rsplit('/').next().unwrap_or(path);
            let file = folder.add_file(format!("{name}\\{file_name}"));
            file.set_datetime(moment.cabinet());
            contents.push(content);
        }
    }
    let mut writer = builder.build(Cursor::new(Vec::new())).context("the cabinet cannot be begun")?;
    let mut contents = contents.into_iter();
    while let Some(mut file) = writer.next_file().context("the cabinet cannot be written")? {
        file.write_all(contents.next().context("the cabinet has more files than it was given")?)?;
    }
    Ok(writer.finish().context("the cabinet cannot be ended")?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::package::assemble::samples;

    fn made() -> (Bundle, Vec<u8>) {
        let bundle = samples::bundle();
        let manifest = serde_json::from_slice(&bundle.files["manifest.json"]).unwrap();
        let bytes = cabinet(&bundle, &manifest, samples::parts().moment).unwrap();
        (bundle, bytes)
    }

    #[test]
    fn each_package_has_its_folder_and_nothing_lies_at_the_root() {
        let (bundle, bytes) = made();
        let mut cabinet = cab::Cabinet::new(Cursor::new(bytes)).unwrap();
        let names: Vec<String> = cabinet
            .folder_entries()
            .flat_map(|folder| folder.file_entries().map(|file| file.name().to_owned()).collect::<Vec<_>>())
            .collect();
        let expected = ["cat", "inf", "pdb", "sys"].map(|ending| format!("composite\\composite.{ending}"));
        assert_eq!(names, expected);
        for name in names {
            let mut content = Vec::new();
            cabinet.read_file(&name).unwrap().read_to_end(&mut content).unwrap();
            assert_eq!(content, bundle.files[&name.replace('\\', "/")], "{name}");
        }
    }

    #[test]
    fn the_same_bundle_gives_the_same_cabinet() {
        assert_eq!(made().1, made().1);
    }

    #[test]
    fn a_name_that_the_portal_refuses_is_told() {
        let bundle = samples::bundle();
        let mut manifest: Manifest = serde_json::from_slice(&bundle.files["manifest.json"]).unwrap();
        manifest.drivers[0].service = "x".repeat(40);
        let error = cabinet(&bundle, &manifest, samples::parts().moment).unwrap_err().to_string();
        assert!(error.contains("of up to 39 letters"), "{error}");
    }
}
