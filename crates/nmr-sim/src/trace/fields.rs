//! The name and the fields of each event, for everything that writes events.

use super::What;
use nmr_abi::Status;
use std::fmt;

/// The value of a field.
pub(super) enum Value {
    Number(u64),
    Text(String),
    /// Nobody said.
    None,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::None => f.write_str("none"),
        }
    }
}

type Fields = Vec<(&'static str, Value)>;

impl What {
    /// What the event is called, and its fields in their order.
    pub(super) fn fields(&self) -> (&'static str, Fields) {
        let number = |number: usize| Value::Number(number as u64);
        match self {
            Self::Registered { side, registration, npi, module, number } => {
                let module = module.map(|module| module.to_string().replace(' ', "-"));
                let fields = vec![
                    ("side", text(side)),
                    ("registration", Value::Number(*registration)),
                    ("npi", text(npi)),
                    ("module", module.map_or(Value::None, Value::Text)),
                    ("number", Value::Number((*number).into())),
                ];
                ("registered", fields)
            }
            Self::RegisterFailed { side, status } => {
                ("register-failed", vec![("side", text(side)), ("status", word(*status))])
            }
            Self::Offered { binding, client, provider, npi } => {
                ("offered", pair(*binding, *client, *provider, npi, None))
            }
            Self::Attached { binding, client, provider, npi, status } => {
                ("attached", pair(*binding, *client, *provider, npi, Some(*status)))
            }
            Self::Refused { binding, client, provider, npi, status } => {
                ("refused", pair(*binding, *client, *provider, npi, Some(*status)))
            }
            Self::Deregister { side, registration, npi, bindings } => {
                let mut fields = of_registration(side, *registration, npi);
                fields.push(("bindings", number(*bindings)));
                ("deregister", fields)
            }
            Self::DetachCalled { side, binding, npi } => ("detach-called", of_half(side, *binding, npi)),
            Self::DetachReturned { side, binding, npi, status } => {
                let mut fields = of_half(side, *binding, npi);
                fields.push(("status", word(*status)));
                ("detach-returned", fields)
            }
            Self::Completed { side, binding, npi } => ("completed", of_half(side, *binding, npi)),
            Self::Cleanup { side, binding, npi } => ("cleanup", of_half(side, *binding, npi)),
            Self::Ended { binding, npi } => {
                ("ended", vec![("binding", Value::Number(*binding)), ("npi", text(npi))])
            }
            Self::Closed { side, registration, npi } => ("closed", of_registration(side, *registration, npi)),
            Self::Waiting { side, registration, npi, bindings } => {
                let mut fields = of_registration(side, *registration, npi);
                fields.push(("bindings", number(*bindings)));
                ("waiting", fields)
            }
            Self::Waited { side, registration, npi, registrations_left, bindings_left } => {
                let mut fields = of_registration(side, *registration, npi);
                fields.push(("registrations-left", number(*registrations_left)));
                fields.push(("bindings-left", number(*bindings_left)));
                ("waited", fields)
            }
            Self::Violated(violation) => {
                let fields =
                    vec![("rule", text(&violation.rule)), ("text", Value::Text(violation.sentence()))];
                ("violation", fields)
            }
        }
    }
}

fn of_registration(side: &impl fmt::Display, registration: u64, npi: &impl fmt::Display) -> Fields {
    vec![("side", text(side)), ("registration", Value::Number(registration)), ("npi", text(npi))]
}

fn of_half(side: &impl fmt::Display, binding: u64, npi: &impl fmt::Display) -> Fields {
    vec![("side", text(side)), ("binding", Value::Number(binding)), ("npi", text(npi))]
}

fn pair(binding: u64, client: u64, provider: u64, npi: &impl fmt::Display, status: Option<Status>) -> Fields {
    let numbers = [("binding", binding), ("client", client), ("provider", provider)];
    let mut fields: Fields = numbers.map(|(key, number)| (key, Value::Number(number))).into();
    fields.push(("npi", text(npi)));
    fields.extend(status.map(|status| ("status", word(status))));
    fields
}

fn text(value: &impl fmt::Display) -> Value {
    Value::Text(value.to_string())
}

/// A status as one word.
fn word(status: Status) -> Value {
    Value::Text(match status.name() {
        Some(name) => format!("STATUS_{name}"),
        None => format!("{:#010x}", status.0 as u32),
    })
}
