//! The attributes that only a contract knows; they are taken off before the compiler sees the items.

use crate::Mistakes;
use syn::Attribute;
use syn::spanned::Spanned;

/// Takes the attribute `name` off; says so if it is there twice.
pub(crate) fn take(
    attributes: &mut Vec<Attribute>,
    name: &str,
    mistakes: &mut Mistakes,
) -> Option<Attribute> {
    let mut found = None;
    attributes.retain(|attribute| {
        let ours = attribute.path().is_ident(name);
        if ours && found.replace(attribute.clone()).is_some() {
            mistakes.add(attribute.span(), format!("`{name}` is given twice: keep one of them"));
        }
        !ours
    });
    found
}

/// A table that differs between two builds of a contract is none.
pub(crate) fn refuse_conditions(attributes: &[Attribute], mistakes: &mut Mistakes) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        mistakes.add(
            attribute.span(),
            "both drivers build the same contract, whatever their features: remove the condition, or put it on the whole \
             module; what only newer modules have stands behind `#[since(version = 2)]`",
        );
    }
}

/// Takes the attribute `name` off, which says nothing but itself.
pub(crate) fn take_word(attributes: &mut Vec<Attribute>, name: &str, mistakes: &mut Mistakes) -> bool {
    let Some(attribute) = take(attributes, name, mistakes) else { return false };
    if let Err(error) = attribute.meta.require_path_only() {
        mistakes.add(error.span(), format!("`{name}` stands alone: write `#[{name}]`"));
    }
    true
}
