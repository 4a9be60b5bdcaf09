//! Asks on the terminal for what the command line does not say.

use std::io::{BufRead, Write};

use anyhow::{Context as _, Result};

use super::Args;
use super::contracts::Contracts;
use super::name::Name;
use crate::exit;

/// `args` with the answers that `input` gives to the questions on `output`. What cannot be is asked for again.
pub(super) fn complete(
    mut args: Args,
    contracts: &Contracts,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> Result<Args> {
    let mut terminal = Terminal { input, output };
    if args.name.is_none() {
        let name = |answer: &str| Name::of_driver(answer).map(|name| name.as_str().to_owned());
        args.name = Some(terminal.ask("name of the driver", &name)?);
    }
    let there = contracts.names().join(", ");
    while args.clients.is_empty() && args.providers.is_empty() {
        terminal.say(&format!("NPIs: {there}; <name>-npi makes a new one; several with blanks between"))?;
        let npis = |answer: &str| {
            let words: Vec<String> = answer.split_whitespace().map(str::to_owned).collect();
            words.iter().try_for_each(|word| contracts.find(word).map(drop)).map(|()| words)
        };
        args.clients = terminal.ask("client of (empty for none)", &npis)?;
        args.providers = terminal.ask("provider of (empty for none)", &npis)?;
    }
    Ok(args)
}

struct Terminal<'a> {
    input: &'a mut dyn BufRead,
    output: &'a mut dyn Write,
}

impl Terminal<'_> {
    fn say(&mut self, line: &str) -> Result<()> {
        writeln!(self.output, "{line}").context("the terminal cannot be written to")
    }

    fn ask<T>(&mut self, question: &str, read: &dyn Fn(&str) -> Result<T>) -> Result<T> {
        loop {
            write!(self.output, "{question}: ").context("the terminal cannot be written to")?;
            self.output.flush().context("the terminal cannot be written to")?;
            let mut line = String::new();
            if self.input.read_line(&mut line).context("the terminal cannot be read")? == 0 {
                return Err(exit::usage("no answer was given; nothing is written"));
            }
            match read(line.trim()) {
                Ok(answer) => return Ok(answer),
                Err(error) => self.say(&error.to_string())?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::new::contracts::in_crate;

    fn asked(name: Option<&str>, answers: &str) -> (Result<Args>, String) {
        let echo = "#[npi(id = \"x\", version = 1)] pub mod echo { pub trait Provider {} }";
        let contracts = Contracts(in_crate("echo-npi", echo));
        let none = Args {
            name: name.map(str::to_owned),
            clients: Vec::new(),
            providers: Vec::new(),
            module_id: None,
            npi_ids: Vec::new(),
        };
        let mut output = Vec::new();
        let result = complete(none, &contracts, &mut answers.as_bytes(), &mut output);
        (result, String::from_utf8(output).unwrap())
    }

    #[test]
    fn what_cannot_be_is_asked_for_again() {
        let (args, output) = asked(None, "Gauge\ngauge\nwhat\necho\ngauge-npi meter-npi\n");
        let args = args.unwrap();
        assert_eq!((args.name.as_deref(), args.clients), (Some("gauge"), vec!["echo".to_owned()]));
        assert_eq!(args.providers, ["gauge-npi", "meter-npi"]);
        assert!(
            output.contains("\"Gauge\" cannot be a name") && output.contains("no NPI is called \"what\""),
            "{output}"
        );
    }

    #[test]
    fn a_driver_without_npis_is_asked_about_again() {
        let (args, output) = asked(Some("gauge"), "\n\n\necho\n");
        assert_eq!(args.unwrap().providers, ["echo"]);
        assert!(!output.contains("name of the driver"), "{output}");
    }

    #[test]
    fn without_an_answer_nothing_is_made() {
        let error = asked(None, "gauge\n").0.unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
    }
}
