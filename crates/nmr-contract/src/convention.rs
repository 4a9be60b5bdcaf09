//! `#[header(..)]`: how a table or characteristics begin.

use crate::{Mistakes, attributes};
use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitInt, Token};

/// The header of a table or of characteristics, and the version in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// How the header looks.
    pub kind: Kind,
    /// A version of its own, where it is not the contract's.
    pub version: Option<u16>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal, $rust:literal, size: $size:literal, align: $align:literal, [$($field:literal)*];)*) => {
        /// How a header looks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            const WORDS: &[&str] = &[$($word),*];

            /// The kind that `word` stands for in a contract.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$kind),)* _ => None }
            }

            /// The name in a contract.
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }

            /// The name of its type in `nmr`.
            pub fn type_name(self) -> &'static str {
                match self { $(Self::$kind => $rust,)* }
            }

            /// Its size and alignment on 64-bit Windows, in bytes.
            pub fn layout(self) -> (usize, usize) {
                match self { $(Self::$kind => ($size, $align),)* }
            }

            /// Its fields, as C calls them.
            pub fn field_names(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($field),*],)* }
            }
        }
    };
}

kinds! {
    /// `{ version: u16, size: u16 }`.
    VersionSize = "version_size", "TableHeader", size: 4, align: 2, ["version" "size"];
    /// Nothing.
    None = "none", "NoHeader", size: 0, align: 1, [];
    /// `{ version: u16, reserved: u16 }`.
    VersionReserved = "version_reserved", "ReservedHeader", size: 4, align: 2, ["version" "reserved"];
    /// `{ size: u16 }`.
    Size = "size", "SizeHeader", size: 2, align: 2, ["size"];
    /// `{ revision: u32, size: u32 }`.
    RevisionSize = "revision_size", "RevisionHeader", size: 8, align: 4, ["revision" "size"];
    /// `{ version: u16, count: u16 }`.
    VersionCount = "version_count", "CountHeader", size: 4, align: 2, ["version" "count"];
    /// `{ version: u16, size: usize, total_size: usize }`.
    VersionSizeTotal = "version_size_total", "TotalHeader", size: 24, align: 8, ["version" "size" "total_size"];
}

impl Kind {
    /// Whether the header names a version, by which two sides can find the one that they have in common.
    pub fn names_a_version(self) -> bool {
        !matches!(self, Self::None | Self::Size)
    }
}

impl Convention {
    /// What an item says that says nothing.
    pub const DEFAULT: Self = Self { kind: Kind::VersionSize, version: None };

    /// Takes `#[header(..)]` off an item.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, mistakes: &mut Mistakes) -> Self {
        attributes::take(attributes, "header", mistakes)
            .and_then(|attribute| mistakes.take(attribute.parse_args()))
            .unwrap_or(Self::DEFAULT)
    }
}

impl Parse for Convention {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let word: Ident = input.parse()?;
        let kind = Kind::from_word(&word.to_string()).ok_or_else(|| {
            let known = Kind::WORDS.join("`, `");
            syn::Error::new(word.span(), format!("unknown header `{word}`: there are `{known}`"))
        })?;
        let mut version = None;
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let argument: Ident = input.parse()?;
            if argument != "version" {
                let message =
                    format!("unknown argument `{argument}`: write `#[header({word}, version = 1)]`");
                return Err(syn::Error::new(argument.span(), message));
            }
            input.parse::<Token![=]>()?;
            let number: LitInt = input.parse()?;
            if !kind.names_a_version() {
                let message = format!("a header `{word}` has no version: leave it out");
                return Err(syn::Error::new(number.span(), message));
            }
            version = Some(crate::identity::version(&number)?);
        }
        Ok(Self { kind, version })
    }
}
