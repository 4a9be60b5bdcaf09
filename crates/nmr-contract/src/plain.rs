//! `#[plain]`: structs that cross an NPI.

use crate::{Mistakes, attributes};
use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::{Attribute, Fields, ItemStruct, Lifetime, Type, Visibility};

/// A struct in C's layout.
#[derive(Clone)]
pub struct PlainStruct {
    /// Its documentation and other attributes.
    pub attributes: Vec<Attribute>,
    /// Its name.
    pub name: Ident,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Clone)]
pub struct Field {
    /// Its documentation and other attributes.
    pub attributes: Vec<Attribute>,
    /// Its name; none in a tuple struct.
    pub name: Option<Ident>,
    /// Its type.
    pub field_type: Type,
    /// Whether only the contract's own crate can set it.
    pub private: bool,
}

impl PlainStruct {
    /// Makes the struct one in C's layout if it is marked.
    pub(crate) fn take(item: &mut ItemStruct, mistakes: &mut Mistakes) -> Option<Self> {
        if !attributes::take_word(&mut item.attrs, "plain", mistakes) {
            return None;
        }
        let fields = in_c_layout(item, "a `#[plain]` struct", mistakes);
        if fields.is_empty() {
            mistakes.add(item.ident.span(), "a `#[plain]` struct has fields: C knows no struct without");
        }
        let named = |name: &str| {
            let derives = item.attrs.iter().filter(|attribute| attribute.path().is_ident("derive"));
            derives.into_iter().any(|attribute| {
                let mut found = false;
                let _ = attribute.parse_nested_meta(|meta| {
                    found |= meta.path.segments.last().is_some_and(|last| last.ident == name);
                    Ok(())
                });
                found
            })
        };
        let missing: Vec<_> = ["Clone", "Copy"].into_iter().filter(|name| !named(name)).collect();
        for name in missing {
            let name = Ident::new(name, item.ident.span());
            item.attrs.push(syn::parse_quote!(#[derive(#name)]));
        }
        Some(Self { attributes: item.attrs.clone(), name: item.ident.clone(), fields })
    }
}

/// The compiler would ask for a lifetime first, although no reference may be here: with one it says that.
fn name_lifetimes(field: &mut Type) {
    if let Type::Reference(reference) = field {
        let missing = || Lifetime::new("'static", reference.and_token.span);
        reference.lifetime.get_or_insert_with(missing);
    }
}

/// The fields of a struct, which gets C's layout.
pub(crate) fn in_c_layout(item: &mut ItemStruct, what: &str, mistakes: &mut Mistakes) -> Vec<Field> {
    if let Some(parameter) = item.generics.params.first() {
        mistakes.add(
            parameter.span(),
            format!("{what} has one layout: write the types out instead of parameters"),
        );
    }
    match item.attrs.iter().find(|attribute| attribute.path().is_ident("repr")) {
        Some(repr) => {
            mistakes.add(repr.span(), format!("{what} is in C's layout already: remove the `repr`"));
        }
        // C has no newtypes: one is passed as what it holds.
        None if matches!(&item.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1) => {
            item.attrs.push(syn::parse_quote!(#[repr(transparent)]));
        }
        None => item.attrs.push(syn::parse_quote!(#[repr(C)])),
    }
    let fields = match &mut item.fields {
        Fields::Named(fields) => &mut fields.named,
        Fields::Unnamed(fields) => &mut fields.unnamed,
        Fields::Unit => return Vec::new(),
    };
    fields.iter_mut().for_each(|field| name_lifetimes(&mut field.ty));
    attributes::refuse_conditions(&item.attrs, mistakes);
    fields.iter().for_each(|field| attributes::refuse_conditions(&field.attrs, mistakes));
    let field = |field: &syn::Field| Field {
        attributes: field.attrs.clone(),
        name: field.ident.clone(),
        field_type: field.ty.clone(),
        private: !matches!(field.vis, Visibility::Public(_)),
    };
    fields.iter().map(field).collect()
}
