//! Structs in C's layout: characteristics, and what is marked `#[plain]`.

use super::{assertion, size_assertion};
use nmr_contract::{Characteristics, Contract, Field, Layout, PlainStruct};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Index;

/// The type of a side's characteristics, and what makes the contract's struct one.
pub(super) fn emit(
    name: &str,
    shown: Option<&Characteristics>,
    contract: &Contract,
) -> (TokenStream, Option<TokenStream>) {
    let Some(Characteristics { header, fields, .. }) = shown else {
        return (quote!(::nmr::NoCharacteristics), None);
    };
    let name = format_ident!("{name}");
    let version = header.version.unwrap_or(contract.identity.version);
    let header = format_ident!("{}", header.kind.type_name());
    let (assertions, layout) = (assertions(fields, contract), layout(&name, fields, contract));
    let end = end_of(fields);
    let shown = quote! {
        #assertions
        #layout

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
pub(super) fn plain(plain: &PlainStruct, contract: &Contract) -> TokenStream {
    let PlainStruct { name, fields, .. } = plain;
    let (assertions, layout) = (assertions(fields, contract), layout(name, fields, contract));
    quote! {
        #assertions
        #layout

        // SAFETY: in C's layout, of fields that may have any value.
        unsafe impl ::nmr::Wire for #name {}
        // SAFETY: the fields that anybody can set are plain; the others are set in the contract's own crate.
        unsafe impl ::nmr::Plain for #name {}
    }
}

/// Public fields can be set by drivers, which are not to make up addresses.
fn assertions(fields: &[Field], contract: &Contract) -> TokenStream {
    let of_field = |field: &Field| {
        let crosses = assertion(&field.field_type, field.private);
        let size = size_assertion(&field.field_type, contract);
        quote!(#crosses #size)
    };
    fields.iter().map(of_field).collect()
}

/// What a C header of the contract asserts of the struct, as far as C can say it.
fn layout(name: &Ident, fields: &[Field], contract: &Contract) -> Option<TokenStream> {
    let layout = Layout::of(fields, contract).ok()?;
    let (size, align) = (layout.size, layout.align);
    let offsets = fields.iter().zip(layout.offsets).enumerate().map(|(index, (field, offset))| {
        let place = place(field, index);
        quote!(assert!(::core::mem::offset_of!(#name, #place) == #offset);)
    });
    Some(quote_spanned! {name.span()=>
        const _: () = {
            assert!(
                ::core::mem::size_of::<#name>() == #size && ::core::mem::align_of::<#name>() == #align,
                "a C header of the contract has a field of another type, by the same name"
            );
            #(#offsets)*
        };
    })
}

fn place(field: &Field, index: usize) -> TokenStream {
    match &field.name {
        Some(name) => quote!(#name),
        None => {
            let index = Index::from(index);
            quote!(#index)
        }
    }
}

/// The end of the last field, in bytes.
fn end_of(fields: &[Field]) -> TokenStream {
    let last = fields.iter().enumerate().next_back().map(|(index, field)| {
        let (last_type, place) = (&field.field_type, place(field, index));
        quote!(::core::mem::offset_of!(Self, #place) + ::core::mem::size_of::<#last_type>())
    });
    last.unwrap_or_else(|| quote!(0))
}
