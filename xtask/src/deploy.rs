//! `cargo xtask deploy`: puts a bundle on one lab machine, over the system's OpenSSH, and proves that it runs there.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Result;
use nmrctl::bundle::Bundle;

use crate::context::Context;
use crate::{exit, verify};

mod connection;
mod deployment;
mod folder;
#[cfg(unix)]
mod loopback;
mod report;
mod target;
mod undo;

use connection::Connection;
use deployment::{Deployment, Goal};

#[cfg(unix)]
pub(crate) use loopback::deploy_round_trip;

const EXAMPLES: &str = "\
Examples:
  cargo xtask deploy --host admin@lab1 --bundle target/package/nmr-drivers-0.1.0
  cargo xtask deploy --host admin@lab1 --bundle <folder> --check      Would it run there? Nothing stays behind
  cargo xtask deploy --host admin@lab1 --bundle <folder> --uninstall  Stop and remove its drivers

The machine needs Windows' own OpenSSH server and an account that is an administrator and has your key. Its host key
must be known: `ssh admin@lab1` once, or --ssh-option UserKnownHostsFile=<file>.";

/// The arguments of `deploy`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The machine, and whom to log in as.
    #[arg(long, value_name = "USER@MACHINE")]
    host: String,
    /// The port of its ssh server.
    #[arg(long)]
    port: Option<u16>,
    /// The private key to log in with [default: as ssh is configured]
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// The bundle's folder [default: the newest under target/package]
    #[arg(long, value_name = "FOLDER")]
    bundle: Option<PathBuf>,
    /// Only look whether the bundle would run there.
    #[arg(long, conflicts_with = "uninstall")]
    check: bool,
    /// Stop and remove the bundle's drivers.
    #[arg(long)]
    uninstall: bool,
    /// An option for ssh and scp, as `Name=value`; may be given several times and goes before ours.
    #[arg(long = "ssh-option", value_name = "NAME=VALUE")]
    ssh_options: Vec<String>,
}

/// Runs `deploy`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    let goal = match (args.check, args.uninstall) {
        (true, _) => Goal::Check,
        (_, true) => Goal::Uninstall,
        _ => Goal::Run,
    };
    let bundle = verified(context, &crate::bundle::chosen(args.bundle, context)?)?;
    let logs = context.target.join("deploy");
    let mut connection = Connection::new(&args.host, args.port, args.identity, args.ssh_options, &logs)?;
    let report = Deployment::new(&mut connection, &bundle, &context.ui)?.run(goal, &args.host)?;
    report.tell(&context.ui);
    context.answer(&report)
}

/// The bundle in `folder`, examined as `cargo xtask verify` does.
fn verified(context: &Context, folder: &Path) -> Result<Bundle> {
    if folder.is_file() {
        let message = format!("--bundle {}: name the bundle's folder, not its archive", folder.display());
        return Err(exit::usage(message));
    }
    let step = context.ui.step("verify here");
    let (files, oddities) = crate::bundle::Bundle::read(folder)?;
    let findings = verify::examine(&files, &oddities, None, SystemTime::now()).findings;
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let message = format!(
            "{} is not as it was made, nothing was sent:\n    {}",
            folder.display(),
            lines.join("\n    ")
        );
        return Err(exit::wrong(message));
    }
    let bundle = Bundle::open(folder)
        .map_err(|failure| exit::wrong(format!("{failure}\n  advice: {}", failure.advice)))?;
    step.done(format!("{} {}", bundle.manifest.name, bundle.manifest.version));
    Ok(bundle)
}
