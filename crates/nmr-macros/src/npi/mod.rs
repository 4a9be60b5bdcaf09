//! `#[npi]`: parse, validate, emit.

mod contract;
mod emit;

use proc_macro2::TokenStream;

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let identity = syn::parse2::<contract::Identity>(attribute)?;
    let contract = contract::Contract::read(syn::parse2(item)?)?;
    Ok(emit::contract(&identity, &contract))
}
