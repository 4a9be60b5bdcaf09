//! What the checks say, one line each.
//!
//! ```text
//! nmr-lab: violation: driver=<image> at=<image+offset> text=<what it did>
//! nmr-lab: violation: driver=<image> at=<image+offset> routine=<routine> irql=<level> limit=<level>
//! ```

use std::fmt;

use crate::images;
use crate::level::{self, Irql};

/// Prints a line.
pub(crate) fn line(text: fmt::Arguments<'_>) {
    lab_print::line(&format!("nmr-lab: {text}"));
}

/// The driver whose code is at `address` has broken a rule. Code that is no driver's under test is left alone.
pub(crate) fn broken(address: usize, text: fmt::Arguments<'_>) {
    if let Some(image) = images::of(address) {
        broken_by(&image.name, address, text);
    }
}

/// As [`broken`], for a driver that is known by name.
pub(crate) fn broken_by(driver: &str, address: usize, text: fmt::Arguments<'_>) {
    line(format_args!("violation: driver={driver} at={} text={text}", images::place(address)));
}

/// A driver has called `routine` at the wrong level.
pub(crate) fn wrong_level(address: usize, routine: &str, irql: Irql, limit: fmt::Arguments<'_>) {
    if let Some(image) = images::of(address) {
        let (place, irql) = (images::place(address), level::name(irql));
        line(format_args!(
            "violation: driver={} at={place} routine={routine} irql={irql} limit={limit}",
            image.name
        ));
    }
}
