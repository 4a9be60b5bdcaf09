//! Aliases of a contract: other names for types that cross.

use crate::{Mistakes, attributes};
use proc_macro2::Ident;
use syn::{Item, Type, TypePath};

/// `pub type Handle = u32;` in the module of a contract.
#[derive(Clone)]
pub struct Alias {
    /// Its name.
    pub name: Ident,
    /// What it is a name of.
    pub of: Type,
}

impl Alias {
    /// The aliases among the items. One with parameters names no single type, so C hears nothing of it.
    pub(crate) fn all(items: &[Item], mistakes: &mut Mistakes) -> Vec<Self> {
        let mut all = Vec::new();
        for item in items {
            if let Item::Type(alias) = item
                && alias.generics.params.is_empty()
            {
                attributes::refuse_conditions(&alias.attrs, mistakes);
                all.push(Self { name: alias.ident.clone(), of: (*alias.ty).clone() });
            }
        }
        all
    }

    /// Whether `path` is this alias: a name of the module, which hides those from elsewhere.
    pub(crate) fn is(&self, path: &TypePath) -> bool {
        let segments: Vec<_> = path.path.segments.iter().map(|segment| &segment.ident).collect();
        let of_module = path.qself.is_none() && path.path.leading_colon.is_none();
        of_module
            && match segments[..] {
                [name] => *name == self.name,
                [module, name] => module == "self" && *name == self.name,
                _ => false,
            }
    }
}
