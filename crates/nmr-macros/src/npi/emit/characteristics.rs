//! Structs in C's layout: characteristics, and what is marked `#[plain]`.

use super::assertion;
use nmr_contract::{Characteristics, Field, PlainStruct};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Index;

/// The type of a side's characteristics, and what makes the contract's struct one.
pub(super) fn emit(
    name: &str,
    shown: Option<&Characteristics>,
    version: u16,
) -> (TokenStream, Option<TokenStream>) {
    let Some(Characteristics { header, fields, .. }) = shown else {
        return (quote!(::nmr::NoCharacteristics), None);
    };
    let name = format_ident!("{name}");
    let version = header.version.unwrap_or(version);
    let header = format_ident!("{}", header.kind.type_name());
    let assertions = assertions(fields);
    let end = end_of(fields);
    let shown = quote! {
        const _: () = { #assertions };

        impl #name {
            /// As a module shows it to its peers: behind the header of the contract.
            pub const fn publish(self) -> ::nmr::Published<Self, ::nmr::#header> {
                ::nmr::Published::new(::nmr::#header::begin(#version, Self::shown_extent()), self)
            }

            const fn shown_extent() -> ::nmr::Extent {
                ::nmr::Published::<Self, ::nmr::#header>::extent(#end)
            }
        }

        // SAFETY: in C's layout, of fields that may have any value, and shown by `publish` alone.
        unsafe impl ::nmr::Characteristics for #name {
            type Header = ::nmr::#header;

            unsafe fn of_peer<'a>(
                shown: *const ::core::ffi::c_void,
            ) -> ::core::result::Result<&'a Self, ::nmr::CharacteristicsMismatch> {
                // SAFETY: as the caller says.
                unsafe { ::nmr::Published::<Self, ::nmr::#header>::of_peer(shown, #version, Self::shown_extent()) }
            }
        }
    };
    (quote!(#name), Some(shown))
}

/// What makes a `#[plain]` struct one that crosses.
pub(super) fn plain(plain: &PlainStruct) -> TokenStream {
    let PlainStruct { name, fields, .. } = plain;
    let assertions = assertions(fields);
    quote! {
        const _: () = { #assertions };

        // SAFETY: in C's layout, of fields that may have any value.
        unsafe impl ::nmr::Wire for #name {}
        // SAFETY: the fields that anybody can set are plain; the others are set in the contract's own crate.
        unsafe impl ::nmr::Plain for #name {}
    }
}

/// Public fields can be set by drivers, which are not to make up addresses.
fn assertions(fields: &[Field]) -> TokenStream {
    fields.iter().map(|field| assertion(&field.field_type, field.private)).collect()
}

/// The end of the last field, in bytes.
fn end_of(fields: &[Field]) -> TokenStream {
    let last = fields.iter().enumerate().next_back().map(|(index, field)| {
        let last_type = &field.field_type;
        let place = match &field.name {
            Some(name) => quote!(#name),
            None => {
                let index = Index::from(index);
                quote!(#index)
            }
        };
        quote!(::core::mem::offset_of!(Self, #place) + ::core::mem::size_of::<#last_type>())
    });
    last.unwrap_or_else(|| quote!(0))
}
