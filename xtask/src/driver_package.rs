//! A driver package as `package` makes it and `verify` finds it: an INF and the files it names, in one folder.

use crate::architecture::Architecture;
use crate::catalog::{Payload, check_payload};
use crate::inf::primitive::Primitive;
use crate::inf::{Place, Problem, Problems};
use crate::pe::{self, Image};

/// The files the catalog of a driver package vouches for: the INF, called `inf_name`, and all it installs. `file` gives
/// the content of a file by its path relative to the INF. A file that is missing, that is an image for another
/// architecture, or that a catalog cannot vouch for, is a problem at the place where the INF names it.
pub(crate) fn payload<'a>(
    inf_name: &'a str,
    primitive: &'a Primitive,
    architecture: Architecture,
    file: impl Fn(&str) -> Option<&'a [u8]>,
) -> Result<Vec<Payload<'a>>, Problems> {
    let mut problems = Vec::new();
    let mut payload = Vec::new();
    match file(inf_name) {
        Some(content) => payload.push(Payload { name: inf_name, content }),
        None => problems.push(Problem::new(Place::START, "the INF itself is missing", "add it")),
    }
    for installed in &primitive.files {
        let place = installed.field.place;
        let Some(content) = file(&installed.source) else {
            let what = format!("the file {} is not in the package", installed.source);
            problems.push(Problem::new(place, what, "add it, or name a file that is there"));
            continue;
        };
        let found = Payload { name: &installed.name, content };
        if let Err(error) = check_payload(&found) {
            problems.push(Problem::new(place, error.to_string(), "leave it out of the package"));
        } else if let Some(what) = wrong_machine(&found, architecture) {
            let instead = format!("build it for {}, or name the right file", architecture.name());
            problems.push(Problem::new(place, what, instead));
        } else if !payload.iter().any(|other: &Payload<'_>| other.name.eq_ignore_ascii_case(&installed.name))
        {
            payload.push(found);
        }
    }
    Problems::check(inf_name, problems)?;
    Ok(payload)
}

fn wrong_machine(payload: &Payload<'_>, expected: Architecture) -> Option<String> {
    if !pe::claims_to_be_pe(payload.content) {
        return None;
    }
    let machine = Image::parse(payload.content).ok()?.machine;
    if machine == expected.machine() {
        return None;
    }
    let known = Architecture::ALL.into_iter().find(|architecture| architecture.machine() == machine);
    let found = known
        .map_or_else(|| format!("machine {machine:#06x}"), |architecture| architecture.name().to_owned());
    Some(format!("{} is an image for {found}, the INF is for {}", payload.name, expected.name()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::inf::install::InstalledFile;
    use crate::inf::model::Field;
    use crate::pe::samples::image;

    fn outcome(files: &[(&str, &[u8])]) -> Result<Vec<String>, String> {
        let place = Place { line: 7, column: 1 };
        let field = Field { text: "a.sys".into(), place };
        let installed =
            InstalledFile { source: "sub/a.sys".into(), name: "A.sys".into(), folder: Some(13), field };
        let primitive = Primitive {
            catalog: "a.cat".into(),
            files: vec![installed.clone(), installed],
            services: vec![],
            driver_version: String::new(),
        };
        let files: BTreeMap<&str, &[u8]> = files.iter().copied().collect();
        payload("a.inf", &primitive, Architecture::X64, |path| files.get(path).copied())
            .map(|payload| payload.iter().map(|file| file.name.to_owned()).collect())
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_inf_and_each_file_once() {
        assert_eq!(
            outcome(&[("a.inf", b"x"), ("sub/a.sys", &image(0x8664, b""))]).unwrap(),
            ["a.inf", "A.sys"]
        );
    }

    #[test]
    fn a_missing_file_is_told_where_the_inf_names_it() {
        assert!(
            outcome(&[("a.inf", b"x")])
                .unwrap_err()
                .starts_with("a.inf:7:1: the file sub/a.sys is not in the package")
        );
    }

    #[test]
    fn an_image_for_another_architecture_is_told() {
        let arm = outcome(&[("a.inf", b"x"), ("sub/a.sys", &image(0xAA64, b""))]).unwrap_err();
        assert!(arm.contains("A.sys is an image for arm64, the INF is for x64"), "{arm}");
        let x86 = outcome(&[("a.inf", b"x"), ("sub/a.sys", &image(0x014C, b""))]).unwrap_err();
        assert!(x86.contains("machine 0x014c"), "{x86}");
    }

    #[test]
    fn what_a_catalog_cannot_vouch_for_is_told() {
        assert!(
            outcome(&[("a.inf", b"x"), ("sub/a.sys", b"no image")])
                .unwrap_err()
                .contains("a.inf:7:1: A.sys: signature")
        );
    }
}
