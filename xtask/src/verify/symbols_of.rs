//! Whether an image and a symbol file belong together.

use super::{Class, Finding};
use crate::pe::Image;
use crate::symbols;

/// Checks that `symbols`, which lies at `symbols_path`, is what the image at `path` names; answers what it names.
pub(super) fn check(
    path: &str,
    image: &Image<'_>,
    symbols_path: &str,
    symbols: &[u8],
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let record = match image.debug_record() {
        Ok(record) => record?,
        Err(fault) => {
            findings.push(Finding::new(Class::Image, path, fault.field, fault.what));
            return None;
        }
    };
    let named = record.id();
    match symbols::id(symbols) {
        Ok(found) if found == named => {}
        Ok(found) => {
            let what = format!("it is {found}, {path} names {named}: they are of different builds");
            findings.push(Finding::new(Class::Image, symbols_path, "GUID", what));
        }
        Err(what) => findings.push(Finding::new(Class::Image, symbols_path, "form", what)),
    }
    Some(named)
}
