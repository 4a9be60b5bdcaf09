//! What a driver's control device answered, as the answer of a command and as a table for people.

use std::fmt::Write as _;

use nmr_abi::attachments::{
    AttachmentRow, Malformed, RegistrationRow, RegistrationState, Snapshot, name_text,
};
use serde::{Deserialize, Serialize};

/// The registrations of a driver and what is attached to them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentsReport {
    /// The driver's name in its declaration.
    pub driver: String,
    /// Whether nothing is left that an unload would have to wait for.
    pub drained: bool,
    /// The registrations, in the order in which they registered.
    pub registrations: Vec<RegistrationReport>,
}

/// One registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistrationReport {
    /// Its name in the declaration.
    pub name: String,
    /// The identifier of the NPI.
    pub npi: String,
    /// `client` or `provider`.
    pub side: String,
    /// `idle`, `registering`, `registered`, `deregistering`, `deregistered, not waited for`, `deregistered`,
    /// `waiting for NMR` or `failed`, see [`RegistrationState`]; `unknown (8)` for a number that is not known here.
    pub state: String,
    /// Whether NMR was told to let go of it. Then it takes no peers, until the driver brings it up or is loaded again.
    #[serde(default)]
    pub deregistered: bool,
    /// When it is taken down: higher stages first.
    pub stage: u32,
    /// How many peers it has room for.
    pub capacity: u32,
    /// How many peers were refused because there was no room.
    pub refused_for_capacity: u64,
    /// How many callbacks of NMR are running.
    pub callbacks: u32,
    /// Whether nothing of it is left that an unload would have to wait for.
    pub drained: bool,
    /// What is attached.
    pub attachments: Vec<AttachmentReport>,
}

/// One attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentReport {
    /// The number of the binding, as in the debugger's log.
    pub binding: u64,
    /// `attaching`, `attached`, `draining`, `detached`, or `changing` if it changed at each of three looks.
    pub state: String,
    /// The module id of the peer, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The number of the peer's registration instance.
    pub peer_number: u32,
    /// Calls that have not returned.
    pub calls_in_flight: u64,
    /// Time since the attachment was begun, in milliseconds.
    pub age_milliseconds: u64,
}

impl AttachmentsReport {
    /// Reads what a control device answered.
    ///
    /// # Errors
    /// When it is no such answer.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let snapshot = Snapshot::parse(bytes)?;
        let mut registrations: Vec<_> = snapshot.registrations().map(|row| registration(&row)).collect();
        for row in snapshot.attachments() {
            if let Some(registration) = registrations.get_mut(row.registration as usize) {
                registration.attachments.push(attachment(&row));
            }
        }
        let drained = !snapshot.is_cut_off() && registrations.iter().all(|registration| registration.drained);
        Ok(Self { driver: snapshot.driver().to_owned(), drained, registrations })
    }

    /// One sentence for each thing that is left.
    #[must_use]
    pub fn blockers(&self) -> Vec<String> {
        self.registrations.iter().filter(|registration| !registration.drained).flat_map(blockers).collect()
    }

    /// The report for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows = vec![HEAD.map(str::to_owned)];
        for registration in &self.registrations {
            rows.push(registration_cells(registration));
            rows.extend(registration.attachments.iter().map(attachment_cells));
        }
        let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: [usize; COLUMNS] = std::array::from_fn(width);
        let mut text = String::new();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                let _ = write!(line, "{cell:width$}  ");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

const COLUMNS: usize = 6;
const HEAD: [&str; COLUMNS] = ["registration", "side", "state", "calls", "age", "NPI or peer"];

fn registration_cells(registration: &RegistrationReport) -> [String; COLUMNS] {
    let RegistrationReport { name, npi, side, state, refused_for_capacity, .. } = registration;
    let refused =
        if *refused_for_capacity == 0 { String::new() } else { format!(", {refused_for_capacity} refused") };
    let seats = format!("{npi} ({} of {}{refused})", registration.attachments.len(), registration.capacity);
    [name.clone(), side.clone(), state.clone(), String::new(), String::new(), seats]
}

fn attachment_cells(attachment: &AttachmentReport) -> [String; COLUMNS] {
    let age = attachment.age_milliseconds;
    [
        format!("  binding {}", attachment.binding),
        String::new(),
        attachment.state.clone(),
        attachment.calls_in_flight.to_string(),
        format!("{}.{:03} s", age / 1000, age % 1000),
        attachment.peer.clone().unwrap_or_else(|| "(no module id)".to_owned()),
    ]
}

fn blockers(registration: &RegistrationReport) -> Vec<String> {
    let RegistrationReport { name, side, npi, state, callbacks, .. } = registration;
    let what = format!("{name} ({side} of {npi})");
    let mut found: Vec<String> = registration
        .attachments
        .iter()
        .map(|attachment| {
            let peer = attachment.peer.as_deref().unwrap_or("a peer without a module id");
            let AttachmentReport { state, calls_in_flight, age_milliseconds, .. } = attachment;
            format!(
                "{what}: {peer} is {state}, {calls_in_flight} calls in flight, {} s old",
                age_milliseconds / 1000
            )
        })
        .collect();
    if *callbacks > 0 {
        found.push(format!("{what}: {callbacks} callbacks of NMR are running"));
    }
    if found.is_empty() {
        found.push(format!("{what}: {state}"));
    }
    found
}

fn registration(row: &RegistrationRow) -> RegistrationReport {
    RegistrationReport {
        name: name_text(&row.name).unwrap_or_default().to_owned(),
        npi: row.npi.to_string(),
        side: row.side.to_string(),
        state: row.state.to_string(),
        deregistered: !matches!(
            row.state,
            RegistrationState::IDLE | RegistrationState::REGISTERING | RegistrationState::REGISTERED
        ),
        stage: row.stage,
        capacity: row.capacity,
        refused_for_capacity: row.refused_for_capacity,
        callbacks: row.callbacks,
        drained: row.is_drained(),
        attachments: Vec::new(),
    }
}

fn attachment(row: &AttachmentRow) -> AttachmentReport {
    AttachmentReport {
        binding: row.binding,
        state: row.state.to_string(),
        peer: row.peer_module_id().map(|peer| peer.to_string()),
        peer_number: row.peer_number,
        calls_in_flight: row.calls_in_flight,
        age_milliseconds: u64::try_from(row.age().as_millis()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use nmr_abi::Guid;
    use nmr_abi::attachments::{AttachmentState, ModuleSide, RegistrationState, SnapshotWriter, padded};

    use super::*;

    /// What a driver with one registration answers that has as many attachments in these states.
    pub(crate) fn device_answer(state: RegistrationState, attachments: &[AttachmentState]) -> Vec<u8> {
        let npi = Guid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        let mut buffer = vec![0; 4096];
        let mut writer = SnapshotWriter::new(&mut buffer, "Echo").unwrap();
        writer.registration(&RegistrationRow {
            name: padded("echo"),
            npi,
            side: ModuleSide::PROVIDER,
            state,
            capacity: 4,
            attachments: u32::try_from(attachments.len()).unwrap(),
            callbacks: 0,
            stage: 0,
            refused_for_capacity: 2,
        });
        for (slot, state) in (0..).zip(attachments) {
            writer.attachment(&AttachmentRow {
                registration: 0,
                slot,
                npi,
                side: ModuleSide::PROVIDER,
                state: *state,
                peer_number: 0,
                peer_type: slot.min(1),
                peer: [0x11; 16],
                binding: u64::from(slot) + 7,
                calls_in_flight: 3,
                age: 123_456_789,
            });
        }
        let written = writer.finish();
        buffer.truncate(written.bytes);
        buffer
    }

    fn report(state: RegistrationState, attachments: &[AttachmentState]) -> AttachmentsReport {
        AttachmentsReport::read(&device_answer(state, attachments)).unwrap()
    }

    #[test]
    fn people_see_a_table() {
        let report =
            report(RegistrationState::REGISTERED, &[AttachmentState::ATTACHED, AttachmentState::CHANGING]);
        assert_eq!(
            report.table(),
            "registration  side      state       calls  age       NPI or peer\n\
             echo          provider  registered                   01234567-89ab-cdef-0123-456789abcdef (2 of 4, 2 refused)\n\
             \x20 binding 7             attached    3      12.345 s  (no module id)\n\
             \x20 binding 8             changing    3      12.345 s  11111111-1111-1111-1111-111111111111\n"
        );
    }

    #[test]
    fn programs_see_every_field() {
        let report = report(RegistrationState::REGISTERED, &[AttachmentState::DRAINING]);
        let json = serde_json::to_value(&report).unwrap();
        let attachment = &json["registrations"][0]["attachments"][0];
        assert_eq!(attachment["state"], "draining");
        assert_eq!(attachment["age_milliseconds"], 12_345);
        assert_eq!(json["registrations"][0]["refused_for_capacity"], 2);
        assert_eq!(serde_json::from_value::<AttachmentsReport>(json).unwrap(), report);
    }

    #[test]
    fn blockers_are_what_an_unload_would_wait_for() {
        assert_eq!(report(RegistrationState::IDLE, &[]).blockers(), Vec::<String>::new());
        assert!(report(RegistrationState::ISSUED, &[]).drained);
        let left = report(RegistrationState::ISSUED, &[AttachmentState::DRAINING]);
        assert!(!left.drained);
        assert_eq!(
            left.blockers(),
            [
                "echo (provider of 01234567-89ab-cdef-0123-456789abcdef): a peer without a module id is draining, \
              3 calls in flight, 12 s old"
            ]
        );
        let waiting = report(RegistrationState::REGISTERED, &[]);
        assert_eq!(
            waiting.blockers(),
            ["echo (provider of 01234567-89ab-cdef-0123-456789abcdef): registered"]
        );
    }

    #[test]
    fn the_states_are_those_that_the_documentation_names() {
        let state = |number| {
            let report = report(RegistrationState(number), &[]);
            let RegistrationReport { state, deregistered, .. } = &report.registrations[0];
            (state.clone(), *deregistered)
        };
        let named = [
            ("idle", false),
            ("registering", false),
            ("registered", false),
            ("deregistering", true),
            ("deregistered, not waited for", true),
            ("deregistered", true),
            ("waiting for NMR", true),
            ("failed", true),
            ("unknown (8)", true),
        ];
        for (number, (text, deregistered)) in (0..).zip(named) {
            assert_eq!(state(number), (text.to_owned(), deregistered));
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let mut bytes = device_answer(RegistrationState::IDLE, &[]);
        bytes[0] ^= 1;
        assert_eq!(AttachmentsReport::read(&bytes), Err(Malformed::Magic));
        assert_eq!(AttachmentsReport::read(&[]), Err(Malformed::TooShort));
    }
}
