//! Whether every system that an INF installs on has what the image imports.

use super::{Class, Finding};
use crate::architecture::Architecture;
use crate::inf::Inf;
use crate::oldest_system;
use crate::pe::Image;

/// Checks the image at `path` against `inf`, which lies at `inf_path`; answers the oldest build that is right for both.
pub(super) fn check(
    path: &str,
    image: &Image<'_>,
    inf_path: &str,
    inf: &Inf,
    architecture: Architecture,
    findings: &mut Vec<Finding>,
) -> u32 {
    let (claimed, place) = oldest_system::of_inf(inf, architecture);
    let imports = match image.imports() {
        Ok(imports) => imports,
        Err(fault) => {
            findings.push(Finding::new(Class::Image, path, fault.field, fault.what));
            return claimed;
        }
    };
    let (needed, because) = oldest_system::of_imports(&imports, architecture);
    if let Some(import) = because.filter(|_| needed > claimed) {
        let (claimed, needed) = (oldest_system::name(claimed), oldest_system::name(needed));
        let what = format!(
            "it imports {} from {}, which came with {needed}; {inf_path} installs on {claimed} (line {})",
            import.routine, import.module, place.line
        );
        findings.push(Finding::new(Class::System, path, "imports", what));
    }
    needed.max(claimed)
}
