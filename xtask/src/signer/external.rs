//! A program that has the key: it reads what is to be signed from its standard input, and writes the RSA signature
//! (PKCS #1 v1.5 over SHA-256), nothing else, to its standard output. `openssl dgst -sha256 -sign key.pem` is one.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::exit;

/// Somebody may have to press the button of a token.
const LIMIT: Duration = Duration::from_secs(300);
/// More than this is no RSA signature.
const LONGEST: u64 = 4096;

/// A program that has the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct External {
    words: Vec<String>,
    limit: Duration,
}

impl External {
    /// The program and its arguments, separated by blanks. There is no shell.
    pub(super) fn new(line: &str) -> Result<Self> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            return Err(exit::usage("--sign-command is empty: name a program and its arguments"));
        }
        Ok(Self { words, limit: LIMIT })
    }

    /// What the program answers to `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let line = self.words.join(" ");
        let mut child = Command::new(&self.words[0])
            .args(&self.words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| exit::missing(format!("--sign-command: `{line}` cannot be started: {error}")))?;
        let (mut input, output) = (child.stdin.take(), child.stdout.take());
        let message = message.to_vec();
        // A program that reads nothing closes the pipe, and says why by its status. The threads end with the pipes.
        let _writer = thread::spawn(move || input.take().map(|mut input| input.write_all(&message)));
        let reader = thread::spawn(move || {
            let mut answer = Vec::new();
            output.map(|output| output.take(LONGEST).read_to_end(&mut answer)).transpose().map(|_| answer)
        });
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().context("waiting for a program failed")? {
                break status;
            }
            if begin.elapsed() >= self.limit {
                // It may have ended just now.
                let _ = child.kill();
                let _ = child.wait();
                bail!(
                    "--sign-command: `{line}` did not end within {} s and was killed",
                    self.limit.as_secs()
                );
            }
            thread::sleep(Duration::from_millis(10));
        };
        if !status.success() {
            bail!("--sign-command: `{line}` ended with {status}");
        }
        let answer = reader.join().ok().context("the answer of a program could not be read")?;
        answer.with_context(|| format!("--sign-command: the answer of `{line}` could not be read"))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_program_gets_the_message_and_its_answer_is_taken_as_it_is() {
        assert_eq!(External::new(" cat  - ").unwrap().sign(b"mess\0age").unwrap(), b"mess\0age");
    }

    #[test]
    fn a_program_that_fails_hangs_or_is_not_there_is_named() {
        let failed = External::new("false").unwrap().sign(b"x").unwrap_err();
        assert!(failed.to_string().contains("`false` ended with"), "{failed}");
        let slow = External { words: vec!["sleep".into(), "60".into()], limit: Duration::from_millis(50) };
        assert!(slow.sign(b"x").unwrap_err().to_string().contains("was killed"));
        let absent = External::new("no-such-program-here").unwrap().sign(b"x").unwrap_err();
        assert_eq!(exit::reason_of(&absent), exit::Reason::Missing);
        assert!(External::new("  ").is_err());
    }
}
