//! A whole contract.

use crate::{
    Alias, Characteristics, Convention, Identity, Mistakes, PlainStruct, Table, misplaced, taken_names,
};
use proc_macro2::{Ident, TokenStream};
use std::collections::BTreeSet;
use syn::{Item, ItemMod};

/// What a module with `#[npi]` says.
#[derive(Clone)]
pub struct Contract {
    /// The module.
    pub name: Ident,
    /// Identifier and versions.
    pub identity: Identity,
    /// The trait `Provider`, if there is one.
    pub provider: Option<Table>,
    /// The trait `Client`, if there is one.
    pub client: Option<Table>,
    /// The struct `ProviderCharacteristics`, if there is one.
    pub provider_characteristics: Option<Characteristics>,
    /// The struct `ClientCharacteristics`, if there is one.
    pub client_characteristics: Option<Characteristics>,
    /// The structs marked `#[plain]`.
    pub plain: Vec<PlainStruct>,
    /// Other names that the contract has for types.
    pub aliases: Vec<Alias>,
}

impl Contract {
    /// The versions in which tables differ, newest first.
    pub fn versions(&self) -> Vec<u16> {
        let Identity { version, oldest, .. } = self.identity;
        let functions =
            [&self.provider, &self.client].into_iter().flatten().flat_map(|table| &table.functions);
        let since = functions.filter_map(|function| function.since.map(|(since, _)| since));
        let versions: BTreeSet<_> = since.chain([version, oldest]).collect();
        versions.into_iter().rev().collect()
    }

    /// Whether a side without functions says its version to the other all the same, in a header of its own. NMR hands
    /// over no version, so a provider learns its client's from the client's table.
    pub fn client_says_its_version(&self) -> bool {
        self.client.is_none()
            && self.identity.oldest < self.identity.version
            && self.provider.as_ref().is_some_and(|table| table.header == Convention::DEFAULT)
    }
}

/// A module with `#[npi]`, read.
pub struct Reading {
    /// The module without what only a contract knows; the compiler's, right or wrong.
    pub module: ItemMod,
    /// What it says, or everything that is wrong with it.
    pub contract: syn::Result<Contract>,
}

impl Reading {
    /// Reads `module` and the arguments of its attribute.
    pub fn of(arguments: TokenStream, mut module: ItemMod) -> Self {
        let contract = read(arguments, &mut module);
        Self { module, contract }
    }
}

fn read(arguments: TokenStream, module: &mut ItemMod) -> syn::Result<Contract> {
    let mut mistakes = Mistakes::default();
    let identity = Identity::read(arguments, &mut mistakes);
    let name = module.ident.clone();
    let Some((_, items)) = &mut module.content else {
        mistakes.add(name.span(), "the contract is written inside the module: `{ ... }`");
        return Err(mistakes.into_result().expect_err("one was added"));
    };
    let provider = Table::take(items, "Provider", identity.as_ref(), &mut mistakes);
    let client = Table::take(items, "Client", identity.as_ref(), &mut mistakes);
    let provider_characteristics = Characteristics::take(items, "ProviderCharacteristics", &mut mistakes);
    let client_characteristics = Characteristics::take(items, "ClientCharacteristics", &mut mistakes);
    let plain = items.iter_mut().filter_map(|item| match item {
        Item::Struct(item) => PlainStruct::take(item, &mut mistakes),
        _ => None,
    });
    let plain = plain.collect();
    let aliases = Alias::all(items, &mut mistakes);
    misplaced::tell(items, &mut mistakes);
    taken_names::tell(items, provider.is_some(), client.is_some(), &mut mistakes);
    let shows_something = provider_characteristics.is_some() || client_characteristics.is_some();
    if provider.is_none() && client.is_none() && !shows_something {
        mistakes.add(
            name.span(),
            "the contract has no functions: add `pub trait Provider { ... }` with what providers serve, or `pub trait \
             Client { ... }` with what clients serve",
        );
    }
    let identity = match (mistakes.into_result(), identity) {
        (Err(mistakes), _) => return Err(mistakes),
        (Ok(()), identity) => identity.expect("it is missing only if that was a mistake"),
    };
    Ok(Contract {
        name,
        identity,
        provider,
        client,
        provider_characteristics,
        client_characteristics,
        plain,
        aliases,
    })
}
