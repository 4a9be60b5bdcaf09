//! What modules of one side show before they are attached.

use crate::{Convention, Field, Mistakes, plain};
use syn::{Attribute, Item, Visibility};

/// The struct `ProviderCharacteristics` or `ClientCharacteristics` of a contract.
#[derive(Clone)]
pub struct Characteristics {
    /// Its documentation and other attributes.
    pub attributes: Vec<Attribute>,
    /// How they begin.
    pub header: Convention,
    /// The fields behind the header.
    pub fields: Vec<Field>,
}

impl Characteristics {
    /// Finds the struct `name`, which gets C's layout.
    pub(crate) fn take(items: &mut [Item], name: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let item = items.iter_mut().find_map(|item| match item {
            Item::Struct(found) if found.ident == name => Some(found),
            _ => None,
        })?;
        if !matches!(item.vis, Visibility::Public(_)) {
            mistakes.add(
                item.ident.span(),
                format!("modules outside show and read these: write `pub struct {name}`"),
            );
        }
        let header = Convention::take(&mut item.attrs, mistakes);
        let fields = plain::in_c_layout(item, &format!("`{name}`"), mistakes);
        if fields.is_empty() {
            let message = format!("`{name}` shows nothing: give it fields, or leave it out");
            mistakes.add(item.ident.span(), message);
        }
        Some(Self { attributes: item.attrs.clone(), header, fields })
    }
}
