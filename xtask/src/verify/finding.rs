//! One thing that is wrong with a bundle or a package.

use std::fmt;

use serde::Serialize;

/// What kind of thing is wrong. The order is that of weight: the first that is found decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    /// A file is missing, is too much, cannot be read, or is not what the manifest says.
    Damaged,
    /// A signature is missing or is not one over this content.
    Signature,
    /// The signature is right, and the certificate behind it is not to be trusted.
    Trust,
    /// The catalog does not vouch for exactly the files that are there.
    Catalog,
    /// The INF is wrong, or does not agree with the rest.
    Inf,
    /// An image is for another machine, would not be loaded, or does not belong to its symbols.
    Image,
    /// The driver needs a newer Windows than its INF says.
    System,
}

impl Class {
    /// The exit code of `verify` when this is the heaviest class found.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Damaged => 10,
            Self::Signature => 11,
            Self::Trust => 12,
            Self::Catalog => 13,
            Self::Inf => 14,
            Self::Image => 15,
            Self::System => 16,
        }
    }
}

/// One thing that is wrong, by file and field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Finding {
    /// The path in the bundle.
    pub(crate) file: String,
    /// The part of that file.
    pub(crate) field: String,
    pub(crate) what: String,
    /// What kind of thing it is.
    pub(crate) class: Class,
}

impl Finding {
    pub(crate) fn new(class: Class, file: &str, field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), field: field.into(), what: what.into(), class }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.file, self.field, self.what)
    }
}

#[cfg(test)]
mod tests {
    use Class::{Catalog, Damaged, Image, Inf, Signature, System, Trust};
    use clap::CommandFactory as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Alone {
        #[command(flatten)]
        _args: crate::verify::Args,
    }

    #[test]
    fn the_help_names_the_code_of_every_class_heaviest_first() {
        let help = Alone::command().render_long_help().to_string();
        let classes = [Damaged, Signature, Trust, Catalog, Inf, Image, System];
        assert!(classes.is_sorted());
        for class in classes {
            assert!(help.contains(&format!("\n  {}  ", class.exit_code())), "{class:?}");
        }
    }
}
