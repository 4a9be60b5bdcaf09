//! Whole catalogs of small packages: against stored bytes, taken apart by other libraries, and what is refused.

mod decoded;
mod golden;
mod refused;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Parameters, System, TrustList, lists};
use crate::inf::{Inf, Problems};
use crate::pe::samples::image;

/// The moment of every list here: the first of January 2026.
const TIME: u64 = 1_767_225_600;

/// A package in memory: its files by path.
type Files = BTreeMap<String, Vec<u8>>;

/// A package of a driver for two devices on x64 and ARM64, each with an image of its own.
fn device() -> Files {
    let inf = include_str!("../inf/lint/samples/device.inf");
    let inf = inf.replacen("device.sys = 1", "device.sys = 1,x64", 1);
    let inf = inf.replacen("device.sys = 1\n", "device.sys = 1,.\\arm64\\,\n", 1);
    let files: [(&str, Vec<u8>); 4] = [
        ("device.inf", inf.into_bytes()),
        ("x64/Device.SYS", image(0x8664, b"x64 code")),
        ("arm64/device.sys", image(0xAA64, b"ARM64 code")),
        ("device.dat", b"data".to_vec()),
    ];
    files.map(|(path, content)| (path.to_owned(), content)).into()
}

/// A package of a primitive driver for x64.
fn primitive() -> Files {
    let inf = include_bytes!("../inf/lint/samples/primitive.inf").to_vec();
    [("primitive.inf".to_owned(), inf), ("primitive.sys".to_owned(), image(0x8664, b"code"))].into()
}

fn content<'a>(files: &'a Files, path: &str) -> Option<Cow<'a, [u8]>> {
    let found = files.iter().find(|(known, _)| known.eq_ignore_ascii_case(path));
    found.map(|(_, content)| Cow::Borrowed(content.as_slice()))
}

/// The catalogs of the package `files` for `systems`.
fn made(files: &Files, systems: &str) -> Vec<(String, Result<TrustList, Problems>)> {
    let infs = files.iter().filter(|(path, _)| path.ends_with(".inf"));
    let infs: Vec<Inf> = infs.map(|(path, bytes)| Inf::parse(path, bytes).unwrap()).collect();
    let systems = System::list(systems).unwrap();
    let parameters = Parameters { systems, versions: None, identifier: None, time: TIME };
    lists(&infs, &parameters, |path| content(files, path))
}

/// The list of the catalog `name` of the package `files` for `systems`.
#[track_caller]
fn list(files: &Files, systems: &str, name: &str) -> TrustList {
    let found = made(files, systems).into_iter().find(|(catalog, _)| catalog == name);
    found.unwrap_or_else(|| panic!("there is no {name}")).1.unwrap()
}
