//! `cargo xtask new`: a driver crate, the contracts that it needs and that do not exist yet, its setup information file and
//! a test, all of which build at once.

use std::io::{self, IsTerminal as _};

use anyhow::Result;
use serde::Serialize;

use crate::context::Context;
use crate::exit;

mod ask;
mod contract_text;
mod contracts;
mod driver_text;
mod field;
mod name;
mod peer_text;
mod plan;
mod request;
mod setup_file;
mod signature;
mod taken_ids;
#[cfg(test)]
mod tests;
mod write;

use contracts::Contracts;
use plan::Plan;
use request::{Identifier, Request};

const EXAMPLES: &str = "\
Examples:
  cargo xtask new                                               Ask on the terminal
  cargo xtask new gauge --client echo --provider gauge-npi      A client of Echo, and a new contract of its own
  cargo xtask new gauge --provider gauge-npi --npi-id 5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c11
  cargo xtask new ticks --provider hook --provider program-information   An extension of eBPF for Windows

An NPI is named after its module, such as echo, or crate-npi::module where two have the same. A name that ends in -npi and
does not exist yet is a new contract: a crate of its own, for the driver teams on both sides. Nothing is written unless all
of it can be.";

/// The arguments of `new`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The driver: its package, its image and its service are called so.
    name: Option<String>,
    /// An NPI that the driver is a client of; once for each.
    #[arg(long = "client", value_name = "NPI")]
    clients: Vec<String>,
    /// An NPI that the driver provides; once for each.
    #[arg(long = "provider", value_name = "NPI")]
    providers: Vec<String>,
    /// The driver's module id [default: drawn]
    #[arg(long, value_name = "GUID")]
    module_id: Option<String>,
    /// The identifier of a new contract; with its name where there are several [default: drawn]
    #[arg(long = "npi-id", value_name = "[NPI=]GUID")]
    npi_ids: Vec<String>,
}

/// What `new` answers.
#[derive(Serialize)]
struct Answer<'a> {
    driver: &'a str,
    files: Vec<&'a str>,
}

/// Runs `new`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let contracts = Contracts::read(&context.workspace)?;
    let args = complete(args, context, &contracts)?;
    let request = Request::new(&args, &contracts, &Identifier::draw)?;
    taken_ids::refuse(&args, &context.workspace)?;
    let plan = Plan::new(&request)?;
    let step = context.ui.step("write");
    write::write(&plan, context)?;
    let files: Vec<&str> = plan.files.iter().map(|file| file.path.as_str()).collect();
    step.done(files.join(", "));
    context.answer(&Answer { driver: plan.driver.as_str(), files })?;
    context.ui.next_step(format!("cargo test --package {}, then cargo xtask package", plan.driver));
    Ok(())
}

/// Asks for what the command line does not say, if somebody is there to answer.
fn complete(args: Args, context: &Context, contracts: &Contracts) -> Result<Args> {
    let complete = args.name.is_some() && !(args.clients.is_empty() && args.providers.is_empty());
    if complete {
        return Ok(args);
    }
    if !context.json && io::stdin().is_terminal() && io::stderr().is_terminal() {
        return ask::complete(args, contracts, &mut io::stdin().lock(), &mut io::stderr());
    }
    Err(exit::usage(match args.name {
        None => {
            "the driver has no name: write cargo xtask new <name> --client <NPI> --provider <NPI>".to_owned()
        }
        Some(name) => format!(
            "{name} has no NPI: add --client <NPI> or --provider <NPI>; there are {}, and <name>-npi makes a new one",
            contracts.names().join(", ")
        ),
    }))
}
