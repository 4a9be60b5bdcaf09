//! `cargo xtask`: builds, packages, signs, proves and deploys the drivers of this workspace.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::context::Context;

mod architecture;
mod bench;
mod build;
mod bundle;
mod cabinet;
mod canonical;
mod catalog;
mod certificate;
mod check;
mod context;
mod deploy;
mod digest;
mod driver_package;
mod exit;
pub mod fuzz;
mod header;
mod inf;
mod lab;
mod licence;
mod moment;
mod new;
mod oldest_system;
mod package;
mod pe;
mod process;
mod registrations;
mod repository;
mod setup;
mod signature;
mod signer;
mod symbols;
mod test;
mod ui;
mod verify;
mod whole_file;

/// Builds, packages, signs, proves and deploys the drivers of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, after_help = exit::TABLE)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Write the result as one JSON document to standard output.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Install what this machine lacks, or print the line that does.
    Setup(setup::Args),
    /// Build the kernel drivers.
    Build(build::Args),
    /// Build, sign and bundle the drivers.
    Package(package::Args),
    /// Sign a bundle that was packaged unsigned.
    Sign(package::sign::Args),
    /// Hold INF files against the rules.
    Inf(inf::command::Args),
    /// Make the catalogs of a driver package, as Inf2Cat does.
    Catalog(catalog::command::Args),
    /// Examine a bundle without trusting anything in it.
    Verify(verify::Args),
    /// Load, exercise and unload a bundle's drivers in a lab machine on this desk.
    Lab(lab::Args),
    /// Put a bundle on a lab machine and prove that it runs there.
    Deploy(deploy::Args),
    /// Run every test of the workspace.
    Test(test::Args),
    /// Measure what the framework costs, against its targets.
    Bench(bench::Args),
    /// Check formatting, lints and the laws of the design.
    Check(check::Args),
    /// Begin a driver: crate, contracts, setup information file, test.
    New(new::Args),
    /// Write the contracts of a crate as a C header.
    Header(header::Args),
}

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match Context::new(cli.json).and_then(|context| dispatch(cli.command, &context)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::report_error(&error, cli.json);
            exit::code_of(&error)
        }
    }
}

fn dispatch(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Setup(args) => setup::run(args, context),
        Command::Build(args) => build::run(args, context),
        Command::Package(args) => package::run(args, context),
        Command::Sign(args) => package::sign::run(args, context),
        Command::Inf(args) => inf::command::run(args, context),
        Command::Catalog(args) => catalog::command::run(args, context),
        Command::Verify(args) => verify::run(args, context),
        Command::Lab(args) => lab::run(args, context),
        Command::Deploy(args) => deploy::run(args, context),
        Command::Test(args) => test::run(args, context),
        Command::Bench(args) => bench::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::New(args) => new::run(args, context),
        Command::Header(args) => header::run(args, context),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
