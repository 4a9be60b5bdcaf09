//! Every registration and attachment of a driver, at any moment: through calls, through the control device, and in a
//! crash dump.
//!
//! Each slot holds a [row](row) that the life of its binding writes and everybody else only reads. Reading takes no lock
//! and no heap, waits for nobody, and is allowed up to DISPATCH_LEVEL; a row that changes at each of three looks is
//! reported as [`AttachmentState::CHANGING`]. Rows are copies: what they say of the peer was copied when it attached.
//!
//! ```
//! # fn show<D: nmr::Driver>(driver: &'static D) {
//! use nmr::Driver as _;
//! driver.for_each_attachment(|registration, attachment| {
//!     let calls = attachment.calls_in_flight;
//!     println!("{:?}: {}, {calls} in flight", nmr::abi::attachments::name_text(&registration.name), attachment.state);
//! });
//! # }
//! ```
//!
//! For debuggers the same rows are found through [`NmrSnapshot`](table), a table in each driver's image.

mod row;
#[cfg(test)]
mod row_tests;
pub mod table;

pub use nmr_abi::attachments::{
    AttachmentRow, AttachmentState, ModuleSide, RegistrationRow, RegistrationState, SnapshotWriter, TooSmall,
    Written,
};
pub(crate) use row::{Filling, Reading, SnapshotRow, ticks};

use crate::registration::Registered;
use crate::{Driver, Stage, System};

/// Calls `each` with every attachment and its registration.
pub(crate) fn for_each<D: Driver>(
    driver: &'static D,
    each: &mut dyn FnMut(&RegistrationRow, &AttachmentRow),
) {
    let mut index = 0;
    driver.for_each_registration(&mut |stage, registration| {
        let row = registration_row(stage, registration);
        attachments(driver, index, registration, &mut |attachment| each(&row, attachment));
        index += 1;
    });
}

/// Copies the attachments into `rows`, as many as fit, and answers how many there are.
pub(crate) fn copy<D: Driver>(driver: &'static D, rows: &mut [AttachmentRow]) -> usize {
    let mut found = 0;
    for_each(driver, &mut |_, attachment| {
        if let Some(row) = rows.get_mut(found) {
            *row = *attachment;
        }
        found += 1;
    });
    found
}

/// Writes all of it into `buffer`, in the layout of [`nmr_abi::attachments`].
pub(crate) fn write<D: Driver>(driver: &'static D, buffer: &mut [u8]) -> Result<Written, TooSmall> {
    let mut writer = SnapshotWriter::new(buffer, D::NAME)?;
    driver.for_each_registration(&mut |stage, registration| {
        writer.registration(&registration_row(stage, registration));
    });
    let mut index = 0;
    driver.for_each_registration(&mut |_, registration| {
        attachments(driver, index, registration, &mut |attachment| writer.attachment(attachment));
        index += 1;
    });
    Ok(writer.finish())
}

fn registration_row<D>(stage: Stage, registration: &'static dyn Registered<D>) -> RegistrationRow {
    RegistrationRow { stage: stage.0.into(), ..registration.row() }
}

fn attachments<D: Driver>(
    driver: &'static D,
    index: u32,
    registration: &'static dyn Registered<D>,
    each: &mut dyn FnMut(&AttachmentRow),
) {
    let now = ticks(driver.system().now());
    registration.for_each_attachment(now, &mut |mut attachment| {
        attachment.registration = index;
        each(&attachment);
    });
}
