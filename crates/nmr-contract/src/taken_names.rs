//! Names that the macro gives to what it makes.

use crate::Mistakes;
use proc_macro2::Ident;
use syn::Item;

/// Tells of the contract's own items that have them.
pub(crate) fn tell(items: &[Item], has_provider: bool, has_client: bool, mistakes: &mut Mistakes) {
    let of_provider = has_provider.then_some(["ProviderDispatch", "ProviderCalls"]);
    let of_client = has_client.then_some(["ClientDispatch", "ClientCalls"]);
    let taken: Vec<&str> = of_provider.into_iter().chain(of_client).flatten().chain(["Npi"]).collect();
    for name in items.iter().filter_map(name_of) {
        if taken.iter().any(|taken| name == taken) {
            let message = format!("the macro makes a `{name}` for the contract: choose another name");
            mistakes.add(name.span(), message);
        }
    }
}

fn name_of(item: &Item) -> Option<&Ident> {
    Some(match item {
        Item::Enum(item) => &item.ident,
        Item::Mod(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    })
}
