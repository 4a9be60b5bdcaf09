//! The values of settings and options, and what is said of those that are none.

use syn::parse::ParseStream;
use syn::{Ident, LitInt, LitStr, Path};

pub(super) const ON_FAILURE: &[&str] = &["bugcheck", "park"];
pub(super) const LOG_LEVEL: &[&str] = &["error", "warning", "info", "trace"];
pub(super) const ENTRY: &[&str] = &["wdm", "own"];
pub(super) const POLICY: &[&str] = &["all", "one", "first_of"];
pub(super) const SELF_BINDING: &[&str] = &["refuse", "accept"];
pub(super) const CALLS_AT_DISPATCH: &[&str] = &["refuse", "allow"];
pub(super) const ACTIVATE: &[&str] = &["at_load", "later"];

/// One of `known`.
pub(super) fn one_of(word: &Ident, known: &[&str], input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse().map_err(|error: syn::Error| {
        let forms: Vec<_> = known.iter().map(|known| format!("`{word}: {known}`")).collect();
        syn::Error::new(
            error.span(),
            format!("`{word}` is a word without quotes: write {}", forms.join(" or ")),
        )
    })
}

/// The path of one.
pub(super) fn function(word: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse().map_err(|error: syn::Error| {
        let form = format!("`{word}` names a function that takes the driver and `&MayWait<'_>`: write `{word}: Driver::{word}`");
        syn::Error::new(error.span(), form)
    })
}

pub(super) fn number(word: &Ident, input: ParseStream<'_>) -> syn::Result<LitInt> {
    input.parse().map_err(|error: syn::Error| {
        syn::Error::new(error.span(), format!("`{word}` is a number, written out: `{word}: 4`"))
    })
}

pub(super) fn guid(input: ParseStream<'_>) -> syn::Result<LitStr> {
    input.parse().map_err(|error: syn::Error| {
        let form = "a module id is a GUID in quotes: \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\"";
        syn::Error::new(error.span(), form)
    })
}

pub(super) fn once<T>(place: &mut Option<T>, word: &Ident, value: T) -> syn::Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(syn::Error::new(word.span(), format!("`{word}` is given twice: keep one of them"))),
    }
}
