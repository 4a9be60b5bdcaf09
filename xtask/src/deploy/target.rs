//! What a deployment needs of the machine it deploys to: running a command line, and copying a folder.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use nmrctl::{Answer, Failure};

use crate::exit;

/// A machine to deploy to.
pub(super) trait Target {
    /// Runs a command line with the machine's command processor. A status other than success is no error.
    fn run(&mut self, line: &str, limit: Duration) -> Result<Reply>;

    /// Copies the folder `from` to `to`, which does not exist there yet. `to` is written with `/`.
    fn copy(&mut self, from: &Path, to: &str, limit: Duration) -> Result<()>;

    /// The bytes of the file `path`, which is written with `/`.
    fn fetch(&mut self, path: &str, limit: Duration) -> Result<Vec<u8>>;
}

/// What a command line answered.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    /// Whether it ended with 0.
    pub(super) success: bool,
    /// What it wrote to standard output.
    pub(super) stdout: String,
    /// What it wrote to standard error.
    pub(super) stderr: String,
}

impl Reply {
    /// The document that nmrctl wrote, if that is what was run.
    pub(super) fn document(&self) -> Option<Answer> {
        serde_json::from_str(self.stdout.trim()).ok()
    }

    /// Everything it wrote, for a message.
    pub(super) fn words(&self) -> String {
        let words = format!("{}\n{}", self.stdout.trim(), self.stderr.trim());
        let words: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty()).collect();
        words.join("\n    ")
    }
}

/// The document that nmrctl wrote for `line`; an error that shows what came instead.
pub(super) fn document(line: &str, reply: &Reply) -> Result<Answer> {
    reply.document().ok_or_else(|| {
        let words = reply.words();
        let words = if words.is_empty() { "nothing".to_owned() } else { words };
        exit::wrong(format!("`{line}` on the target answered:\n    {words}"))
    })
}

/// An answer that is good news; an error that shows what the target said otherwise.
pub(super) fn good(line: &str, answer: Answer) -> Result<Answer> {
    match &answer.error {
        None => Ok(answer),
        Some(failure) => Err(refused(line, failure, &answer.undone)),
    }
}

fn refused(line: &str, failure: &Failure, undone: &[String]) -> anyhow::Error {
    let Failure { message, advice, .. } = failure;
    let mut text = format!("`{line}` on the target answered: {message}\n  advice: {advice}");
    if !undone.is_empty() {
        text.push_str(&format!("\n  taken back by nmrctl itself:\n    {}", undone.join("\n    ")));
    }
    exit::wrong(text)
}
