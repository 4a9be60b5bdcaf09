//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::failure::EXIT_CODES;
use crate::machine::Store;

const EXAMPLES: &str = "\
Examples, run in the folder of the bundle:
  nmrctl preflight                      Will the bundle run on this machine?
  nmrctl install .                      Install all its drivers
  nmrctl install . --driver echo-client Install one of them
  nmrctl start echo-client
  nmrctl stop echo-client --timeout 30
  nmrctl attachments echo-client        Who is attached, and which calls are in flight?
  nmrctl drain echo-client              Let go of all peers, or tell what holds them
  nmrctl status
  nmrctl uninstall                      Stop and remove all its drivers

Every command writes one JSON document to standard output and text for people to standard error.";

/// Installs, starts, stops and reports the drivers of a bundle on this lab machine.
#[derive(Debug, PartialEq, Eq, Parser)]
#[command(name = "nmrctl", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Look, without changing anything, whether a bundle would run on this machine.
    Preflight {
        /// The folder of the bundle [default: the folder of this program]
        bundle: Option<PathBuf>,
    },
    /// Compare every file of a bundle with its manifest.
    Verify {
        /// The folder of the bundle [default: the folder of this program]
        bundle: Option<PathBuf>,
    },
    /// Install drivers of a bundle: certificate, INF, service. Drivers are not started.
    Install {
        /// The folder of the bundle.
        bundle: PathBuf,
        /// Install only this driver; may be given several times.
        #[arg(long = "driver", value_name = "NAME")]
        drivers: Vec<String>,
        /// Also replace a service of the same name that this program did not install.
        #[arg(long)]
        force: bool,
    },
    /// Load a driver.
    Start {
        /// The name of its service.
        name: String,
        /// How long to wait for it, in seconds.
        #[arg(long, default_value = "60", value_parser = seconds)]
        timeout: Duration,
    },
    /// Unload a driver; one that has a control device is drained first.
    Stop {
        /// The name of its service.
        name: String,
        /// How long to wait for it, in seconds.
        #[arg(long, default_value = "60", value_parser = seconds)]
        timeout: Duration,
    },
    /// Report what is attached to a driver: its registrations with NMR, their peers, calls in flight.
    Attachments {
        /// The name of its service.
        name: String,
    },
    /// Have a driver let go of all its peers, so that a stop has nothing to wait for, and tell what holds it.
    Drain {
        /// The name of its service.
        name: String,
        /// How long to wait for it, in seconds.
        #[arg(long, default_value = "60", value_parser = seconds)]
        timeout: Duration,
    },
    /// Report drivers: state, image, origin.
    Status {
        /// The name of a service [default: all drivers of the bundle and all that this program installed]
        name: Option<String>,
    },
    /// Remove the certificate of a bundle's signer from the stores it was installed into.
    Distrust {
        /// The folder of the bundle [default: the folder of this program]
        bundle: Option<PathBuf>,
        /// Only this store, `Root` or `TrustedPublisher`; may be given several times [default: both]
        #[arg(long = "store", value_name = "NAME", value_parser = store)]
        stores: Vec<Store>,
    },
    /// Stop and remove drivers, in the reverse order of installation.
    Uninstall {
        /// The name of a service [default: all drivers of the bundle]
        name: Option<String>,
        /// The folder of the bundle [default: the one the driver was installed from, or the folder of this program]
        #[arg(long, value_name = "FOLDER")]
        bundle: Option<PathBuf>,
        /// How long to wait for a driver to stop, in seconds.
        #[arg(long, default_value = "60", value_parser = seconds)]
        timeout: Duration,
        /// Also remove the signer's certificate from the stores.
        #[arg(long)]
        remove_certificate: bool,
        /// Also remove a service of the same name that this program did not install.
        #[arg(long)]
        force: bool,
    },
}

impl Command {
    /// The command's name on the command line.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Preflight { .. } => "preflight",
            Self::Verify { .. } => "verify",
            Self::Install { .. } => "install",
            Self::Start { .. } => "start",
            Self::Stop { .. } => "stop",
            Self::Attachments { .. } => "attachments",
            Self::Drain { .. } => "drain",
            Self::Status { .. } => "status",
            Self::Distrust { .. } => "distrust",
            Self::Uninstall { .. } => "uninstall",
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(number @ 1..=86_400_u64) => Ok(Duration::from_secs(number)),
        _ => Err("a whole number of seconds from 1 to 86400 is expected".to_owned()),
    }
}

fn store(text: &str) -> Result<Store, String> {
    let known = Store::BOTH.into_iter().find(|store| store.name().eq_ignore_ascii_case(text));
    known.ok_or_else(|| "Root or TrustedPublisher is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Arguments::try_parse_from(line.split(' ')).map(|arguments| arguments.command)
    }

    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn install_takes_a_bundle_and_any_number_of_drivers() {
        let command = parse("nmrctl install C:/lab/b --driver a --driver b").unwrap();
        let drivers = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(command, Command::Install { bundle: "C:/lab/b".into(), drivers, force: false });
        assert!(parse("nmrctl install").is_err());
    }

    #[test]
    fn distrust_takes_the_stores_by_name_and_no_others() {
        let command = parse("nmrctl distrust b --store TrustedPublisher --store Root").unwrap();
        let stores = vec![Store::TrustedPublisher, Store::Root];
        assert_eq!(command, Command::Distrust { bundle: Some("b".into()), stores });
        assert!(parse("nmrctl distrust b --store My").is_err());
    }

    #[test]
    fn a_time_limit_is_a_number_of_seconds() {
        let command = parse("nmrctl stop a --timeout 5").unwrap();
        assert_eq!(command, Command::Stop { name: "a".to_owned(), timeout: Duration::from_secs(5) });
        for wrong in ["0", "-1", "x", "1.5", "86401"] {
            assert!(parse(&format!("nmrctl stop a --timeout {wrong}")).is_err(), "{wrong}");
        }
    }
}
