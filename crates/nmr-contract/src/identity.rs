//! The arguments of `#[npi(..)]`.

use crate::Mistakes;
use nmr_abi::Guid;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{LitInt, LitStr, Token};

/// Which NPI it is, in which versions.
#[derive(Clone)]
pub struct Identity {
    /// The identifier, as written.
    pub id: LitStr,
    /// The newest version.
    pub version: u16,
    /// The oldest that is still spoken.
    pub oldest: u16,
}

#[derive(Default)]
struct Arguments {
    id: Option<LitStr>,
    version: Option<LitInt>,
    oldest: Option<LitInt>,
    /// The arguments that are there, right or wrong.
    named: Vec<Ident>,
}

impl Identity {
    pub(crate) fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Option<Self> {
        let mut read = Arguments::default();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = read.one(input) {
                    mistakes.add_error(error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(arguments) {
            mistakes.add_error(error);
        }
        read.into_identity(mistakes)
    }
}

impl Arguments {
    fn one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let word: Ident = input.parse()?;
        if self.named.contains(&word) {
            return Err(syn::Error::new(word.span(), format!("`{word}` is given twice: keep one of them")));
        }
        self.named.push(word.clone());
        input.parse::<Token![=]>()?;
        let number = || {
            let written = input.parse::<LitInt>();
            written.map_err(|error| syn::Error::new(error.span(), NO_VERSION)).map(Some)
        };
        match word.to_string().as_str() {
            "id" => {
                let id = input.parse();
                let form = "the identifier is a GUID in quotes: \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"";
                self.id = Some(id.map_err(|error| syn::Error::new(error.span(), form))?);
            }
            "version" => self.version = number()?,
            "oldest" => self.oldest = number()?,
            other => {
                let message = format!("unknown argument `{other}`: there are `id`, `version` and `oldest`");
                return Err(syn::Error::new(word.span(), message));
            }
        }
        Ok(())
    }

    fn into_identity(self, mistakes: &mut Mistakes) -> Option<Identity> {
        let mut missing = |what: &str| {
            let form = "#[npi(id = \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\", version = 1)]";
            mistakes.add(Span::call_site(), format!("the NPI has no {what}: write {form}"));
        };
        if !self.named.iter().any(|word| word == "id") {
            missing("identifier");
        }
        if !self.named.iter().any(|word| word == "version") {
            missing("version");
        }
        let id = self.id?;
        if let Err(invalid) = Guid::parse(&id.value()) {
            mistakes.add(id.span(), invalid.to_string());
        }
        let newest = mistakes.take(version(&self.version?))?;
        let oldest = match self.oldest {
            None => newest,
            Some(number) => {
                let oldest = mistakes.take(version(&number))?;
                if oldest > newest {
                    let message = format!(
                        "the oldest version is {oldest}, above {newest}: it is one from 0 to {newest}"
                    );
                    mistakes.add(number.span(), message);
                }
                oldest
            }
        };
        Some(Identity { id, version: newest, oldest })
    }
}

const NO_VERSION: &str = "a version is a number from 0 to 65535, without quotes: `version = 1`";

/// A version as written.
pub(crate) fn version(number: &LitInt) -> syn::Result<u16> {
    number.base10_parse().map_err(|_| syn::Error::new(number.span(), NO_VERSION))
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
