//! What was built: a driver image imports no heap routine, unless it has requests of the I/O manager, which is law 4 again
//! (source can be read wrongly, an image cannot), and those with a limit to their size keep it.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::finding::Finding;
use crate::build::{Packages, Target};
use crate::context::Context;

const LAW: &str = "law 4";

/// Import names stand in an image as they are. These are the starts of the pool routines' names, and of the helper of
/// functions with more than 4 KiB of locals.
const FORBIDDEN: [&str; 5] =
    ["ExAllocatePool", "ExAllocateFromLookasideList", "ExFreePool", "RtlAllocateHeap", "__chkstk"];

/// Those that come with requests of the I/O manager, and how such an image is known.
const OF_REQUESTS: [&str; 2] = ["ExAllocatePool", "ExFreePool"];
const HAS_REQUESTS: &str = "IoAllocateIrp";

/// The most that an image may have, in bytes. The composite sample says what the framework costs a driver.
const SIZE_LIMITS: [(&str, usize); 1] = [("composite", 64 * 1024)];

/// Findings in the images of the shipped drivers that were built so far.
pub(super) fn check(context: &Context, packages: &Packages) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for target in Target::ALL {
        let images = context.target.join(target.of_drivers()).join("driver/images");
        for driver in packages.shipped() {
            let image = images.join(&driver.name).join(format!("{}.sys", driver.name));
            if image.is_file() {
                findings.extend(of_file(&driver.name, &image)?);
            }
        }
    }
    Ok(findings)
}

fn of_file(driver: &str, image: &Path) -> Result<Vec<Finding>> {
    let bytes = fs::read(image).with_context(|| format!("{} cannot be read", image.display()))?;
    let path = image.display().to_string();
    let mut findings = of_image(&path, &bytes);
    findings.extend(oversize(driver, &path, bytes.len()));
    Ok(findings)
}

fn oversize(driver: &str, image: &str, size: usize) -> Option<Finding> {
    let (_, limit) = SIZE_LIMITS.into_iter().find(|(name, limit)| *name == driver && size > *limit)?;
    Some(Finding::new(
        "size",
        image,
        0,
        format!("the image has {size} bytes, and {limit} is its limit"),
        "find what has grown in the linker's map (/MAP); a section .data that is large holds statics that are not all zero",
    ))
}

/// What the image in `bytes` imports of the forbidden.
pub(crate) fn heap_imports(bytes: &[u8]) -> Vec<&'static str> {
    let found = |wanted: &&str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    let has_requests = found(&HAS_REQUESTS);
    let allowed = |name: &&str| has_requests && OF_REQUESTS.contains(name);
    FORBIDDEN.into_iter().filter(|name| !allowed(name)).filter(found).collect()
}

fn of_image(name: &str, bytes: &[u8]) -> Vec<Finding> {
    heap_imports(bytes)
        .into_iter()
        .map(|wanted| {
            let what = format!("the image imports {wanted}*");
            Finding::new(
                LAW,
                name,
                0,
                what,
                "storage of drivers is static: find what allocates and give it a fixed place",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{of_image, oversize};

    #[test]
    fn an_image_with_a_pool_import_is_found() {
        let image = b"MZ....KeSetEvent\0\0ExAllocatePool2\0ntoskrnl.exe\0";
        let findings = of_image("a.sys", image);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().contains("ExAllocatePool"), "{}", findings[0]);
    }

    #[test]
    fn an_image_beyond_its_limit_is_found() {
        assert_eq!(oversize("composite", "composite.sys", 65_536), None);
        let finding = oversize("composite", "composite.sys", 65_537).expect("beyond").to_string();
        assert!(finding.contains("composite.sys: the image has 65537 bytes, and 65536"), "{finding}");
        assert_eq!(oversize("echo-client", "echo-client.sys", 1_000_000), None, "has no limit");
    }

    #[test]
    fn an_image_without_is_not() {
        assert!(of_image("a.sys", b"MZ....KeSetEvent\0DbgPrint\0ntoskrnl.exe\0").is_empty());
        let with_requests = b"MZ....IoAllocateIrp\0ExAllocatePool2\0ExFreePoolWithTag\0";
        assert!(of_image("a.sys", with_requests).is_empty());
        assert_eq!(of_image("a.sys", &[with_requests, &b"RtlAllocateHeap\0"[..]].concat()).len(), 1);
    }
}
