//! `#[npi]`: what `nmr-contract` reads becomes tables, thunks and calls.

mod emit;

use nmr_contract::Reading;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ItemMod;

/// The expansion. A contract that is wrong keeps its items, so that editors go on completing inside.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let module = match syn::parse2::<ItemMod>(item.clone()) {
        Ok(module) => module,
        Err(error) => {
            let error = syn::Error::new(
                error.span(),
                format!("`#[npi]` stands on a module `mod name {{ .. }}`: {error}"),
            );
            let error = error.into_compile_error();
            return quote!(#error #item);
        }
    };
    let Reading { module, contract } = Reading::of(attribute, module);
    match contract {
        Ok(contract) => emit::contract(&module, &contract),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            quote!(#mistakes #module)
        }
    }
}
