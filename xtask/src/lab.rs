//! `cargo xtask lab`: loads, exercises and unloads a bundle's drivers in a lab machine on this desk.

use std::path::PathBuf;

use anyhow::Result;

use crate::context::Context;

#[cfg(unix)]
mod bundle;
#[cfg(unix)]
mod checks;
#[cfg(unix)]
mod expectations;
#[cfg(unix)]
mod guests;
#[cfg(unix)]
mod images;
#[cfg(unix)]
mod orders;
#[cfg(unix)]
mod panic_check;
#[cfg(unix)]
mod peers;
#[cfg(unix)]
mod private_build;
#[cfg(unix)]
mod probes;
#[cfg(unix)]
mod report;
#[cfg(unix)]
mod rounds;
#[cfg(unix)]
mod script;
#[cfg(unix)]
mod session;
#[cfg(unix)]
mod soak;
#[cfg(unix)]
mod tally;
#[cfg(unix)]
mod walk;
#[cfg(unix)]
mod wsk;

#[cfg(unix)]
pub(crate) use self::{bundle::LabBundle, images::netio, session::boot as boot_lab};

const EXAMPLES: &str = "\
Examples:
  cargo xtask lab                       The newest bundle, 50 rounds, and what only peers that go wrong show
  cargo xtask lab --rounds 500 --seed 7 Longer, in an order that can be repeated
  cargo xtask lab --soak 1000           Load and unload with C peers, 1000 times, in an order drawn from a seed
  cargo xtask lab --keep                Leave the lab's folder behind to look into
  cargo xtask lab --probes              Load drivers that do something wrong: does the lab say so?
  cargo xtask lab --deploy              Deploy over the system's ssh and scp to the lab machine, and take it back

The lab machine is made of Wine: its kernel loads the very .sys files of the bundle, nmr-sim is its NETIO.SYS, and a
checking ntoskrnl.exe stands in front of Wine's: interrupt levels, pool, threads, DPCs, what is left at unload.
After the rounds private builds of samples (NMR_PRIVATE_NPI) run beside the public ones, and a client of WSK and a WSK in C
come and go with IRPs outstanding. Then peers hold drivers up: the control device, the watchdog and the helpers must show
what they are for. At last NMR fails to let go of drivers: the machine must stop with the documented code, or the driver
must park and say why.
It does not prove stack depth, paged memory, code integrity, the driver store or timing.";

/// The arguments of `lab`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The bundle [default: the newest under target/package, made if there is none]
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
    /// How often all drivers are loaded and unloaded.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: u32,
    /// Instead of the rounds: load and unload the drivers and C peers this many times, in an order drawn from the seed.
    #[arg(long, value_name = "CYCLES", conflicts_with = "rounds", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    soak: Option<u32>,
    /// Where the sequence of orders begins [default: taken from the clock, and printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Keep the lab's folder also when all went well.
    #[arg(long)]
    keep: bool,
    /// Instead of the rounds: load drivers that do one thing wrong each, and see that the lab reports it.
    #[arg(long, conflicts_with_all = ["bundle", "rounds", "soak", "seed", "keep", "deploy"])]
    probes: bool,
    /// Virtual processors of the lab's kernel.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    processors: u32,
    /// Instead of the rounds: deploy the bundle to the lab machine over ssh, twice, and uninstall it.
    #[arg(long, conflicts_with_all = ["rounds", "soak", "seed", "keep"])]
    deploy: bool,
}

/// Runs `lab`.
#[cfg(unix)]
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    use crate::setup::{self, Need};

    setup::ensure(Need::Test, context)?;
    if args.probes {
        return context.answer(&probes::run(context)?);
    }
    let bundle = LabBundle::choose(context, args.bundle.as_deref())?;
    if args.deploy {
        return crate::deploy::deploy_round_trip(context, &bundle);
    }
    let options = session::Options {
        rounds: args.rounds,
        seed: args.seed,
        keep: args.keep,
        processors: args.processors,
    };
    if let Some(cycles) = args.soak {
        let summary = soak::run(context, &bundle, cycles, &options)?;
        summary.tell(context);
        return context.answer(&summary);
    }
    let summary = session::run(context, &bundle, &options)?;
    summary.tell(context);
    context.answer(&summary)
}

/// There is no lab on other hosts.
#[cfg(not(unix))]
pub(crate) fn run(args: Args, _context: &Context) -> Result<()> {
    let Args { bundle, rounds, soak, seed, keep, deploy, probes, processors } = args;
    Err(crate::exit::missing(format!(
        "the lab machine is made of Wine, which this host has not (asked for: bundle {bundle:?}, {rounds} rounds, soak {soak:?}, seed \
         {seed:?}, keep {keep}, deploy {deploy}, probes {probes}, {processors} processors): run `cargo xtask lab` on Linux, or `cargo xtask deploy` to a Windows machine"
    )))
}
