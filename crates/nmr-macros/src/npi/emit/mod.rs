//! The output of `#[npi]`: C tables, thunks into a trait, and a trait implementation that calls through a table. What
//! happens in a call is in `nmr::private`.

mod characteristics;
mod function;
mod side;

use nmr_contract::{Contract, Layout};
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use side::Side;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{ItemMod, Type};

pub(crate) fn contract(module: &ItemMod, contract: &Contract) -> TokenStream {
    let ItemMod { attrs, vis, ident: name, content, .. } = module;
    let items = content.iter().flat_map(|(_, items)| items);
    let Contract { identity, .. } = contract;
    let id = &identity.id;
    let versions = contract.versions();
    let name_text = name.unraw().to_string();
    let sides = [
        Side::new("Provider", "provider", "clients", contract.provider.as_ref(), contract),
        Side::new("Client", "client", "providers", contract.client.as_ref(), contract),
    ];
    let [provider_calls, client_calls] = [0, 1].map(|index: usize| sides[index].calls_type());
    let shown = [
        ("ProviderCharacteristics", &contract.provider_characteristics),
        ("ClientCharacteristics", &contract.client_characteristics),
    ];
    let [(provider_shows, provider_checks), (client_shows, client_checks)] =
        shown.map(|(name, shown)| characteristics::emit(name, shown.as_ref(), contract));
    let tables = sides.iter().map(Side::table);
    let table_traits = sides.iter().map(Side::table_trait);
    let plain = contract.plain.iter().map(|plain| characteristics::plain(plain, contract));
    quote! {
        #(#attrs)*
        #vis mod #name {
            #(#items)*

            /// Stands for the contract in declarations.
            #[derive(Clone, Copy, Debug)]
            pub struct Npi;

            // SAFETY: the calls accept the tables that this macro makes, and check header and functions of others.
            unsafe impl ::nmr::Npi for Npi {
                const ID: ::nmr::abi::NpiId = ::nmr::private::npi_id(#id);
                const NAME: &'static str = #name_text;
                const VERSIONS: &'static [u16] = &[#(#versions),*];
                type ProviderCalls = #provider_calls;
                type ClientCalls = #client_calls;
                type ProviderCharacteristics = #provider_shows;
                type ClientCharacteristics = #client_shows;
            }

            #provider_checks
            #client_checks
            #(#plain)*

            #(#tables)*
            #(#table_traits)*
        }
    }
}

/// Asks the compiler whether `crossing` may cross; it answers where the type is written. Each question is an item of its
/// own, because the evaluation of a constant ends at the first mistake.
fn assertion(crossing: &Type, any_value: bool) -> TokenStream {
    let assert = match any_value {
        true => format_ident!("assert_wire"),
        false => format_ident!("assert_plain"),
    };
    quote_spanned!(crossing.span()=> const _: () = ::nmr::private::#assert::<#crossing>();)
}

/// The same for a type that crosses as an argument or an answer.
fn value_assertion(crossing: &Type, any_value: bool) -> TokenStream {
    let assert = match any_value {
        true => format_ident!("assert_wire_value"),
        false => format_ident!("assert_plain_value"),
    };
    quote_spanned!(crossing.span()=> const _: () = ::nmr::private::#assert::<#crossing>();)
}

/// A name can hide another, and C knows the name alone.
fn size_assertion(crossing: &Type, contract: &Contract) -> Option<TokenStream> {
    let (size, align) = Layout::of_name(crossing, contract)?;
    Some(quote_spanned! {crossing.span()=>
        const _: () = assert!(
            ::core::mem::size_of::<#crossing>() == #size && ::core::mem::align_of::<#crossing>() == #align,
            "a C header of the contract has another type by this name: give it a name of its own"
        );
    })
}
