//! The program that `cargo xtask bench` runs: measures one group and writes one JSON object a line, or runs one design
//! for callgrind.

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use nmr_benches::call::{self, Stage};
use nmr_benches::measurement::{Effort, Measurement};
use nmr_benches::{sim, unload};

#[derive(Debug, Parser)]
#[command(about = "Measures; `cargo xtask bench` runs it and knows the targets.")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ratios of guarded calls to the bare call.
    Call(Length),
    /// Unload against its longest drain, and its cost.
    Unload(Length),
    /// The simulator.
    Sim(Length),
    /// The names of the designs that can be run, and whether they are the framework's own or compared with.
    Designs,
    /// Runs one design so many times.
    Run {
        /// Its name.
        design: String,
        /// How often.
        count: u64,
    },
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct Length {
    /// A short run.
    #[arg(long)]
    quick: bool,
}

impl Length {
    fn effort(self) -> Effort {
        if self.quick { Effort::Quick } else { Effort::Full }
    }
}

fn main() -> Result<()> {
    match Cli::parse().what {
        What::Call(length) => finish(call::measure(length.effort(), tell)?),
        What::Unload(length) => finish(unload::measure(length.effort(), tell)?),
        What::Sim(length) => finish(sim::measure(length.effort(), tell)?),
        What::Designs => {
            let stage = Stage::new()?;
            stage.own().iter().for_each(|design| println!("own {}", design.name));
            Stage::compared().iter().for_each(|design| println!("compared {}", design.name));
        }
        What::Run { design, count } => {
            let stage = Stage::new()?;
            let designs = stage.designs();
            let Some(design) = designs.iter().find(|known| known.name == design) else {
                bail!("there is no design {design}: `nmr-benches designs` lists them");
            };
            design.run(count);
        }
    }
    Ok(())
}

fn tell(measurement: Measurement) {
    match serde_json::to_string(&measurement) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("{}: {error}", measurement.figure),
    }
}

fn finish(thrown_away: usize) {
    eprintln!("{thrown_away} samples did not count: the machine did something else meanwhile");
}
