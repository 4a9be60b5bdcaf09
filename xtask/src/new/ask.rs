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
