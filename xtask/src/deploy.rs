//! `cargo xtask deploy`: puts a bundle on one lab machine, over the system's OpenSSH, and proves that it runs there.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use nmrctl::bundle::Bundle;

use crate::certificate::Certificate;
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
  cargo xtask deploy --host admin@lab1 --bundle target/package/nmr-drivers-0.1.0-x64
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
    /// Send only a bundle signed by this certificate (PEM or DER) [default: whichever signed it]
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Only look whether the bundle would run there.
    #[arg(long, conflicts_with = "uninstall")]
    check: bool,
    /// Stop and remove the bundle's drivers, and the signer's certificate once no driver remains.
    #[arg(long)]
    uninstall: bool,
    /// Also replace services of the same names that nmrctl did not install there.
    #[arg(long, conflicts_with_all = ["check", "uninstall"])]
    force: bool,
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
    let trusted = args.certificate.as_deref().map(verify::read_certificate).transpose()?;
    let folder = crate::bundle::chosen(args.bundle, context)?;
    let step = context.ui.step("verify here");
    let (bundle, signed_by) = verified(&folder, trusted.as_ref())?;
    step.done(format!("{} {}, signed by {signed_by}", bundle.manifest.name, bundle.manifest.version));
    let logs = context.target.join("deploy");
    let mut connection = Connection::new(&args.host, args.port, args.identity, args.ssh_options, &logs)?;
    let report = Deployment::new(&mut connection, &bundle, &context.ui, args.force)?.run(goal, &args.host)?;
    report.tell(&context.ui);
    context.answer(&report)
}

/// The bundle in `folder`, examined as `cargo xtask verify` does, and its signer in words. With `trusted`, no other
/// certificate will do.
fn verified(folder: &Path, trusted: Option<&Certificate>) -> Result<(Bundle, String)> {
    if folder.is_file() {
        let message = format!("--bundle {}: name the bundle's folder, not its archive", folder.display());
        return Err(exit::usage(message));
    }
    let (files, oddities) = crate::bundle::Bundle::read(folder)?;
    let expected = trusted.map_or(verify::Expected::Signed, verify::Expected::SignedBy);
    let examined = verify::examine(&files, &oddities, expected, SystemTime::now());
    if !examined.findings.is_empty() {
        let lines: Vec<String> = examined.findings.iter().map(ToString::to_string).collect();
        let message = format!(
            "{} is not as it was made, nothing was sent:\n    {}",
            folder.display(),
            lines.join("\n    ")
        );
        return Err(exit::wrong(message));
    }
    let signer = examined.signers.first().context("a good bundle has a signer")?;
    let bundle = Bundle::open(folder)
        .map_err(|failure| exit::wrong(format!("{failure}\n  advice: {}", failure.advice)))?;
    Ok((bundle, format!("{}, thumbprint {}", signer.subject(), signer.sha1())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::write_folder;
    use crate::package::assemble::samples;
    use crate::signer::samples::{other_signer, signer};

    #[test]
    fn a_bundle_of_another_signer_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        write_folder(&samples::bundle(), folder.path()).unwrap();
        let own = &signer().certificate;
        for trusted in [None, Some(own)] {
            let (_, signed_by) = verified(folder.path(), trusted).unwrap();
            assert!(signed_by.contains(&own.subject()) && signed_by.contains(&own.sha1()), "{signed_by}");
        }
        let error = verified(folder.path(), Some(&other_signer().certificate)).unwrap_err();
        assert_eq!(exit::reason_of(&error), exit::Reason::Wrong);
        assert!(error.to_string().contains("nothing was sent"), "{error}");
    }
}
