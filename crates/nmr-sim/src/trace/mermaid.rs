//! A sequence diagram for Mermaid, which Markdown viewers draw.

use super::diagram::{Diagram, Participant};
use std::fmt::Write;

impl Diagram {
    /// The diagram in Mermaid's language.
    pub(crate) fn mermaid(&self) -> String {
        let mut text = "sequenceDiagram\n".to_owned();
        for participant in &self.participants {
            let _ = writeln!(text, "    participant {} as {}", id(participant), participant.name());
        }
        for row in &self.rows {
            let said = plain(&row.text);
            let _ = match row.arrow {
                Some((from, to)) => {
                    let (from, to) = (id(&self.participants[from]), id(&self.participants[to]));
                    writeln!(text, "    {from}->>{to}: {said}")
                }
                None => writeln!(text, "    Note over nmr: {said}"),
            };
        }
        text
    }
}

fn id(participant: &Participant) -> String {
    participant.registration.map_or_else(|| "nmr".to_owned(), |(side, number)| format!("{side}{number}"))
}

/// Without what Mermaid takes for the end of a line or the begin of an entity.
fn plain(text: &str) -> String {
    text.replace(';', ",").replace(['#', '\n'], " ")
}
