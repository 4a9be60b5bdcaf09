//! A figure: what was measured, what it should be, and whether it is.

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// What was measured.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Measured {
    pub(crate) figure: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
}

impl Measured {
    pub(crate) fn new(figure: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { figure: figure.into(), value, unit: unit.to_owned() }
    }
}

/// One line of the result, the fields in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Figure {
    pub(crate) group: &'static str,
    pub(crate) figure: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// Such as `<= 12`; nothing for what is there to compare with.
    pub(crate) target: Option<String>,
    /// Whether the target is met; nothing without one.
    pub(crate) ok: Option<bool>,
}

/// Writes figures to standard output: one JSON object a line, or a table.
pub(crate) fn show(figures: &[Figure], json: bool) -> Result<()> {
    if json {
        for figure in figures {
            println!("{}", serde_json::to_string(figure)?);
        }
    } else {
        print!("{}", table(figures));
    }
    Ok(())
}

/// Marks `figure` as not what it should be: the value that was recorded, or less.
pub(crate) fn fail(figures: &mut [Figure], figure: &str, recorded: f64) {
    for failed in figures.iter_mut().filter(|known| known.figure == figure) {
        failed.ok = Some(false);
        failed.target = Some(format!("<= {recorded}, as recorded"));
    }
}

fn table(figures: &[Figure]) -> String {
    let names: Vec<String> =
        figures.iter().map(|figure| format!("{}  {}", figure.group, figure.figure)).collect();
    let width = names.iter().map(String::len).max().unwrap_or_default();
    let line = |(figure, name): (&Figure, &String)| {
        let verdict = match (figure.ok, &figure.target) {
            (Some(true), Some(target)) => format!("  {target}  ok"),
            (Some(false), Some(target)) => format!("  {target}  MISSED"),
            _ => String::new(),
        };
        format!("{name:width$}  {:>10} {}{verdict}\n", figure.value, figure.unit)
    };
    figures.iter().zip(&names).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(target: Option<&str>, ok: Option<bool>) -> Figure {
        Figure {
            group: "call",
            figure: "raw/time".to_owned(),
            value: 1.5,
            unit: "ns".to_owned(),
            target: target.map(str::to_owned),
            ok,
        }
    }

    #[test]
    fn a_figure_is_one_object_with_six_fields() {
        assert_eq!(
            serde_json::to_string(&figure(Some("<= 12"), Some(true))).unwrap(),
            r#"{"group":"call","figure":"raw/time","value":1.5,"unit":"ns","target":"<= 12","ok":true}"#
        );
        assert!(serde_json::to_string(&figure(None, None)).unwrap().ends_with(r#""target":null,"ok":null}"#));
    }

    #[test]
    fn a_figure_that_has_grown_is_not_ok_whatever_its_target() {
        let mut figures = [figure(Some("<= 12"), Some(true)), figure(None, None)];
        fail(&mut figures, "raw/time", 1.0);
        for figure in figures {
            assert_eq!((figure.ok, figure.target.as_deref()), (Some(false), Some("<= 1, as recorded")));
        }
    }

    #[test]
    fn the_table_says_what_was_missed() {
        let text = table(&[figure(Some("<= 1"), Some(false)), figure(None, None)]);
        assert!(text.contains("<= 1  MISSED\n") && text.ends_with("1.5 ns\n"), "{text}");
    }
}
