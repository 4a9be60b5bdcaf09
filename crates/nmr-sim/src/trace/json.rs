//! Events as JSON.

use super::Event;
use super::fields::Value;

/// An array with an object for each event: its sequence, its name, and its fields under the names that the text has. What
/// nobody said is `null`.
pub(crate) fn json(events: &[Event]) -> String {
    let lines: Vec<String> = events.iter().map(object).collect();
    if lines.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", lines.join(",\n")) }
}

fn object(event: &Event) -> String {
    let (name, fields) = event.what.fields();
    let mut line = format!("  {{\"sequence\":{},\"event\":{}", event.sequence, quoted(name));
    for (key, value) in fields {
        let value = match value {
            Value::Number(number) => number.to_string(),
            Value::Text(text) => quoted(&text),
            Value::None => "null".to_owned(),
        };
        line.push_str(&format!(",{}:{value}", quoted(key)));
    }
    line + "}"
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::{json, quoted};
    use crate::trace::{Event, What};
    use nmr_abi::NpiId;

    #[test]
    fn what_json_does_not_bear_is_escaped() {
        assert_eq!(quoted("a \"b\" \\ c\n\u{7}é"), "\"a \\\"b\\\" \\\\ c\\u000a\\u0007é\"");
    }

    #[test]
    fn an_event_is_an_object() {
        let what = What::Ended { binding: 3, npi: NpiId::default() };
        assert_eq!(
            json(&[Event { sequence: 7, what }]),
            "[\n  {\"sequence\":7,\"event\":\"ended\",\"binding\":3,\
             \"npi\":\"00000000-0000-0000-0000-000000000000\"}\n]\n"
        );
        assert_eq!(json(&[]), "[]\n");
    }
}
