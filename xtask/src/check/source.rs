//! One file of the workspace.

use std::fmt;

use super::desk::{desk_lines, desk_modules};
use super::tokens::{Token, tokens};

/// A text file, and, if it is Rust, what it means.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// Relative to the workspace, with forward slashes.
    pub(super) path: String,
    pub(super) text: String,
    rust: Option<Result<Rust, String>>,
}

/// A Rust file, read.
struct Rust {
    syntax: syn::File,
    tokens: Vec<Token>,
    product_tokens: Vec<Token>,
    desk_lines: Vec<(usize, usize)>,
    desk_modules: Vec<String>,
}

impl fmt::Debug for Rust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} tokens", self.tokens.len())
    }
}

impl Rust {
    fn read(text: &str) -> Result<Self, String> {
        let syntax =
            syn::parse_file(text).map_err(|error| format!("line {}: {error}", error.span().start().line))?;
        let tokens = tokens(text)?;
        let desk_lines = desk_lines(&syntax);
        let for_desk =
            |token: &&Token| desk_lines.iter().any(|(first, last)| (first..=last).contains(&&token.line));
        let product_tokens = tokens.iter().filter(|token| !for_desk(token)).cloned().collect();
        let desk_modules = desk_modules(&syntax);
        Ok(Self { syntax, tokens, product_tokens, desk_lines, desk_modules })
    }
}

impl SourceFile {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let rust = path.ends_with(".rs").then(|| Rust::read(&text));
        Self { path, text, rust }
    }

    pub(super) fn is_rust(&self) -> bool {
        self.rust.is_some()
    }

    /// Why the file is not Rust though its name says so.
    pub(super) fn fault(&self) -> Option<&str> {
        self.rust.as_ref()?.as_ref().err().map(String::as_str)
    }

    /// All code; none if the file is not Rust.
    pub(super) fn tokens(&self) -> &[Token] {
        self.read().map_or(&[], |rust| &rust.tokens)
    }

    /// The code that may get into a driver, if the file as a whole may.
    pub(super) fn product_tokens(&self) -> &[Token] {
        self.read().map_or(&[], |rust| &rust.product_tokens)
    }

    pub(super) fn syntax(&self) -> Option<&syn::File> {
        self.read().map(|rust| &rust.syntax)
    }

    /// The names of modules that this file declares, in files of their own, for the desk only.
    pub(super) fn desk_modules(&self) -> &[String] {
        self.read().map_or(&[], |rust| &rust.desk_modules)
    }

    /// Whether line `line` is Rust code for the desk only, going by this file alone.
    pub(super) fn is_desk_line(&self, line: usize) -> bool {
        self.read()
            .is_some_and(|rust| rust.desk_lines.iter().any(|(first, last)| (first..=last).contains(&&line)))
    }

    /// The line of a manifest that asks for the dependency `name`; 0 if none does under that name.
    pub(super) fn line_of_dependency(&self, name: &str) -> usize {
        let asks = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
        self.text.lines().position(asks).map_or(0, |at| at + 1)
    }

    fn read(&self) -> Option<&Rust> {
        self.rust.as_ref()?.as_ref().ok()
    }
}
