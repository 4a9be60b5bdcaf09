//! The password of a key: from the keyboard, a file descriptor or an environment variable. Never from an argument, which
//! every user of the machine sees in the list of processes.

use anyhow::{Context as _, Result};
use console::Term;

use crate::exit;

/// Where the password of a key comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Password {
    /// Read the password of the key from this environment variable.
    #[arg(long, value_name = "NAME", conflicts_with = "password_fd")]
    pub(crate) password_env: Option<String>,
    /// Read the password of the key from this file descriptor, up to the first end of line.
    #[cfg(unix)]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) password_fd: Option<u32>,
}

impl Password {
    /// The password for `what`, or nothing when no place for it was named and nobody can be asked.
    pub(super) fn named(&self) -> Result<Option<String>> {
        if let Some(name) = &self.password_env {
            let value = std::env::var(name).map_err(|_| {
                exit::usage(format!(
                    "--password-env {name}: the environment variable is not set, or not text"
                ))
            })?;
            return Ok(Some(value));
        }
        #[cfg(unix)]
        if let Some(number) = self.password_fd {
            return from_descriptor(number).map(Some);
        }
        Ok(None)
    }

    /// Asks the person at the keyboard for the password of `what`.
    pub(super) fn ask(what: &str) -> Result<String> {
        let terminal = Term::stderr();
        if !terminal.is_term() {
            return Err(exit::usage(format!(
                "{what} needs a password, and there is no terminal to ask at: use --password-env NAME{}",
                if cfg!(unix) { " or --password-fd NUMBER" } else { "" }
            )));
        }
        terminal.write_str(&format!("password of {what}: ")).context("the terminal cannot be written to")?;
        terminal.read_secure_line().context("the password cannot be read")
    }
}

/// Through the file system, where every descriptor of a process has a name.
#[cfg(unix)]
fn from_descriptor(number: u32) -> Result<String> {
    use std::io::{BufRead as _, BufReader, Read as _};
    let cannot = |error: &dyn std::fmt::Display| {
        exit::usage(format!(
            "--password-fd {number}: it cannot be read: {error}; open it for this program, as in 3<file"
        ))
    };
    let file = std::fs::File::open(format!("/dev/fd/{number}")).map_err(|error| cannot(&error))?;
    let mut line = String::new();
    BufReader::new(file.take(4096)).read_line(&mut line).map_err(|error| cannot(&error))?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(cannot(&"it holds no password"));
    }
    Ok(password.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{Seek as _, Write as _};
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn a_descriptor_gives_its_first_line() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"secret word\nmore\n").unwrap();
        file.rewind().unwrap();
        let number = file.as_raw_fd().unsigned_abs();
        let password = Password { password_fd: Some(number), ..Password::default() };
        assert_eq!(password.named().unwrap().unwrap(), "secret word");
    }

    #[test]
    fn a_place_that_holds_nothing_is_told() {
        let nowhere = Password { password_fd: Some(999), ..Password::default() };
        assert!(nowhere.named().unwrap_err().to_string().contains("--password-fd 999"));
        let unset = Password { password_env: Some("NMR_NO_SUCH_VARIABLE".into()), ..Password::default() };
        let error = unset.named().unwrap_err();
        assert!(error.to_string().contains("--password-env NMR_NO_SUCH_VARIABLE"), "{error}");
        assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
        assert_eq!(Password::default().named().unwrap(), None);
    }
}
