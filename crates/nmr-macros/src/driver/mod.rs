//! `driver!`: parse, validate, emit.

mod declaration;
mod emit;
mod validate;
mod values;

use proc_macro2::TokenStream;
use quote::quote;

/// The expansion. A declaration that is wrong is emitted as far as it is right, without an entry point, so that editors go
/// on completing inside, and nobody else is told that the driver is missing.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut declaration = match syn::parse2::<declaration::Declaration>(input) {
        Ok(declaration) => declaration,
        Err(error) => return error.into_compile_error(),
    };
    let stages = validate::stages(&mut declaration);
    let mistakes = std::mem::take(&mut declaration.mistakes).into_result().err();
    let driver = emit::driver(&declaration, &stages, mistakes.is_none());
    let mistakes = mistakes.map(syn::Error::into_compile_error);
    quote!(#mistakes #driver)
}
