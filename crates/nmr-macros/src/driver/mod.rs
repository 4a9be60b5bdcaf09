//! `driver!`: parse, validate, emit.

mod declaration;
mod emit;
mod validate;

use proc_macro2::TokenStream;

pub(crate) fn expand(input: TokenStream) -> syn::Result<TokenStream> {
    let declaration = syn::parse2::<declaration::Declaration>(input)?;
    let stages = validate::stages(&declaration)?;
    Ok(emit::driver(&declaration, &stages))
}
