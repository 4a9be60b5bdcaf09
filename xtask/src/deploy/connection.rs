//! The system's ssh and scp.
//!
//! BatchMode: nobody is asked anything. With it an unknown or changed host key ends the connection, unless the user's
//! own configuration or `--ssh-option` says otherwise: for ssh the first value given wins, and theirs come first.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::target::{Reply, Target};
use crate::exit;

/// The status with which ssh says that it, and not the command over there, has failed.
const SSH_FAILED: i32 = 255;

/// A way to a machine.
#[derive(Debug)]
pub(super) struct Connection {
    host: String,
    port: Option<u16>,
    identity: Option<PathBuf>,
    options: Vec<String>,
    logs: PathBuf,
    count: u32,
}

impl Connection {
    /// The way to `host`. Output of ssh goes to files in `logs`.
    pub(super) fn new(
        host: &str,
        port: Option<u16>,
        identity: Option<PathBuf>,
        options: Vec<String>,
        logs: &Path,
    ) -> Result<Self> {
        let legal =
            |text: &str| !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_whitespace);
        match host.split_once('@') {
            Some((user, machine)) if legal(user) && legal(machine) => {}
            _ => return Err(exit::usage(format!("--host {host}: user@machine is expected"))),
        }
        if let Some(identity) = &identity
            && !identity.is_file()
        {
            return Err(exit::usage(format!("--identity {}: there is no such file", identity.display())));
        }
        if let Some(option) = options.iter().find(|option| !option.contains('=')) {
            return Err(exit::usage(format!("--ssh-option {option}: NAME=VALUE is expected")));
        }
        let logs = logs.join(std::process::id().to_string());
        fs::create_dir_all(&logs).with_context(|| format!("{} cannot be made", logs.display()))?;
        Ok(Self { host: host.to_owned(), port, identity, options, logs, count: 0 })
    }

    /// The options that ssh and scp share.
    fn shared_options(&self) -> Vec<String> {
        let ours = ["BatchMode=yes", "ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=4"];
        let all = self.options.iter().map(String::as_str).chain(ours);
        let mut words: Vec<String> = all.flat_map(|option| ["-o".to_owned(), option.to_owned()]).collect();
        if let Some(identity) = &self.identity {
            // Only this key: an agent full of others makes servers hang up before its turn comes.
            words.extend(["-o".to_owned(), "IdentitiesOnly=yes".to_owned()]);
            words.extend(["-i".to_owned(), identity.display().to_string()]);
        }
        words
    }

    /// The words of the ssh command that runs `line` over there.
    fn ssh_words(&self, line: &str) -> Vec<String> {
        let mut words = self.shared_options();
        if let Some(port) = self.port {
            words.extend(["-p".to_owned(), port.to_string()]);
        }
        words.extend(["-T".to_owned(), self.host.clone(), line.to_owned()]);
        words
    }

    /// The words of the scp command that copies `from` to `to` over there.
    fn scp_words(&self, from: &Path, to: &str) -> Vec<String> {
        let mut words = self.shared_options();
        if let Some(port) = self.port {
            words.extend(["-P".to_owned(), port.to_string()]);
        }
        words.extend(["-q".to_owned(), "-r".to_owned()]);
        words.extend([from.display().to_string(), format!("{}:{to}", self.host)]);
        words
    }

    /// The words of the scp command that copies the file `from` over there to `to`.
    fn fetch_words(&self, from: &str, to: &Path) -> Vec<String> {
        let mut words = self.shared_options();
        if let Some(port) = self.port {
            words.extend(["-P".to_owned(), port.to_string()]);
        }
        words.extend(["-q".to_owned(), format!("{}:{from}", self.host), to.display().to_string()]);
        words
    }

    fn execute(&mut self, program: &str, words: &[String], limit: Duration) -> Result<(Option<i32>, Reply)> {
        self.count += 1;
        let stem = self.logs.join(format!("{:03}-{program}", self.count));
        let open = |extension: &str| {
            let path = stem.with_extension(extension);
            File::create(&path).with_context(|| format!("{} cannot be written", path.display()))
        };
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(open("out")?).stderr(open("err")?);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => exit::missing(format!(
                "the program {program} was not found: install OpenSSH's client (Debian: openssh-client)"
            )),
            _ => anyhow::Error::new(error).context(format!("{program} cannot be started")),
        })?;
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().context("waiting for a program failed")? {
                break status;
            }
            if begin.elapsed() >= limit {
                // It may have ended this very moment, which is as well.
                let _ = child.kill();
                let _ = child.wait();
                bail!("{} did not answer within {} s: {program} was ended", self.host, limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let read = |extension: &str| {
            let bytes = fs::read(stem.with_extension(extension)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Ok((status.code(), Reply { success: status.success(), stdout: read("out"), stderr: read("err") }))
    }

    fn unreachable(&self, program: &str, reply: &Reply) -> anyhow::Error {
        let words = reply.stderr.trim().replace('\n', "\n    ");
        let option = |name: &str| {
            if cfg!(windows) { format!("--ssh-option {name}") } else { format!("`--ssh-option {name}`") }
        };
        let advice = if words.contains("Host key verification failed") || words.contains("host key") {
            format!("log in once by hand to accept its key, or give {}", option("UserKnownHostsFile=<file>"))
        } else if words.contains("Permission denied") {
            "give the right key with --identity, and see that the account may log in with it".to_owned()
        } else {
            format!("try by hand: {program} {}", self.host)
        };
        exit::wrong(format!("{program} to {} failed:\n    {words}\n  advice: {advice}", self.host))
    }
}

impl Target for Connection {
    fn run(&mut self, line: &str, limit: Duration) -> Result<Reply> {
        let words = self.ssh_words(line);
        let (code, reply) = self.execute("ssh", &words, limit)?;
        if code == Some(SSH_FAILED) && reply.document().is_none() {
            return Err(self.unreachable("ssh", &reply));
        }
        Ok(reply)
    }

    fn copy(&mut self, from: &Path, to: &str, limit: Duration) -> Result<()> {
        let words = self.scp_words(from, to);
        let (_, reply) = self.execute("scp", &words, limit)?;
        if reply.success { Ok(()) } else { Err(self.unreachable("scp", &reply)) }
    }

    fn fetch(&mut self, path: &str, limit: Duration) -> Result<Vec<u8>> {
        let file = self.logs.join(format!("{:03}-fetched", self.count + 1));
        let words = self.fetch_words(path, &file);
        let (_, reply) = self.execute("scp", &words, limit)?;
        if !reply.success {
            return Err(self.unreachable("scp", &reply));
        }
        fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // What was worth knowing has been said; a folder that cannot be removed does no harm.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.logs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(host: &str, options: &[&str]) -> Result<Connection> {
        let folder = tempfile::tempdir().unwrap();
        let options = options.iter().map(|option| (*option).to_owned()).collect();
        Connection::new(host, Some(2222), None, options, folder.path())
    }

    #[test]
    fn the_users_options_come_before_ours() {
        let connection = connection("me@lab", &["UserKnownHostsFile=k", "BatchMode=no"]).unwrap();
        let words = connection.ssh_words("ver").join(" ");
        assert!(words.starts_with("-o UserKnownHostsFile=k -o BatchMode=no -o BatchMode=yes "), "{words}");
        assert!(words.ends_with("-p 2222 -T me@lab ver"), "{words}");
        assert!(!words.contains("StrictHostKeyChecking"), "the user's own setting counts");
    }

    #[test]
    fn scp_has_its_own_letter_for_the_port() {
        let words = connection("me@lab", &[]).unwrap().scp_words(Path::new("b"), "C:/lab/b").join(" ");
        assert!(words.ends_with("-P 2222 -q -r b me@lab:C:/lab/b"), "{words}");
    }

    #[test]
    fn a_file_is_fetched_from_the_same_machine() {
        let words = connection("me@lab", &[]).unwrap().fetch_words("C:/b/x.exe", Path::new("x")).join(" ");
        assert!(words.ends_with("-P 2222 -q me@lab:C:/b/x.exe x"), "{words}");
    }

    #[test]
    fn a_destination_that_ssh_would_take_for_an_option_is_refused() {
        for host in ["lab", "@lab", "me@", "-oProxyCommand=x@lab", "me@-oProxyCommand=x", "me@lab x"] {
            assert_eq!(exit::reason_of(&connection(host, &[]).unwrap_err()), exit::Reason::Usage, "{host}");
        }
        assert!(connection("me@lab", &["-v"]).is_err());
    }
}
