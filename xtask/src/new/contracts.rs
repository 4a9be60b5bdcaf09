//! The contracts that exist: modules with `#[npi]` in the crates of the workspace.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use syn::{Fields, Item, ItemMod, TraitItem};

use super::field::{self, Product};
use super::name::Name;
use super::signature::{Function, first_value};
use crate::exit;

/// Where contract crates lie, as seen from the workspace.
pub(super) const FOLDER: &str = "drivers";

/// One NPI as a module of a crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contract {
    /// The package: `echo-npi`.
    pub(super) package: String,
    /// The module: `echo`.
    pub(super) module: String,
    /// What a provider of it has to write.
    pub(super) provider: Duties,
    /// What a client of it has to write.
    pub(super) client: Duties,
    /// The product that has the NPI, if it is no contract of the workspace.
    pub(super) product: Option<&'static Product>,
}

/// What one side of a contract has to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Duties {
    /// The functions of the side's trait; `None` if there is no trait.
    pub(super) functions: Option<Vec<Function>>,
    /// The fields of the side's characteristics with their first values; `None` if there are no characteristics.
    pub(super) characteristics: Option<Vec<(String, String)>>,
    /// Why no driver can be written without knowing more.
    pub(super) obstacle: Option<String>,
}

/// All contracts of the workspace.
#[derive(Clone, Debug, Default)]
pub(super) struct Contracts(pub(super) Vec<Contract>);

/// What a word on the command line stands for.
#[derive(Debug)]
pub(super) enum Meant<'a> {
    /// A contract that exists.
    There(&'a Contract),
    /// A contract crate that does not exist yet.
    New(Name),
}

impl Contracts {
    /// Reads the crates below `drivers` of `workspace`, and adds the NPIs of products.
    pub(super) fn read(workspace: &Path) -> Result<Self> {
        let folder = workspace.join(FOLDER);
        let entries =
            fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut contracts = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
            let root = entry.path().join("src/lib.rs");
            if !root.is_file() {
                continue;
            }
            let text =
                fs::read_to_string(&root).with_context(|| format!("{} cannot be read", root.display()))?;
            contracts.extend(in_crate(&entry.file_name().to_string_lossy(), &text));
        }
        contracts.extend(field::contracts());
        contracts.sort_by(|a, b| (&a.module, &a.package).cmp(&(&b.module, &b.package)));
        Ok(Self(contracts))
    }

    /// What each contract is called: after its module, and its package where that is not enough.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |contract: &Contract| {
            let alone = self.0.iter().filter(|other| other.module == contract.module).count() == 1;
            if alone { contract.module.clone() } else { format!("{}::{}", contract.package, contract.module) }
        };
        self.0.iter().map(name).collect()
    }

    /// What `text` stands for.
    pub(super) fn find(&self, text: &str) -> Result<Meant<'_>> {
        let (package, module) = match text.split_once("::") {
            Some((package, module)) => (Some(package), Some(module)),
            None if text.ends_with("-npi") => (Some(text), None),
            None => (None, Some(text)),
        };
        let fits = |contract: &&Contract| {
            let in_package = |package: &str| {
                contract.package == package
                    || contract
                        .product
                        .is_some_and(|product| product.path.split("::").next() == Some(package))
            };
            package.is_none_or(in_package)
                && module.is_none_or(|module| {
                    contract.module == module || contract.module == module.replace('-', "_")
                })
        };
        match self.0.iter().filter(fits).collect::<Vec<_>>()[..] {
            [contract] => Ok(Meant::There(contract)),
            [] if module.is_none() => Ok(Meant::New(Name::of_contract(text)?)),
            [] => {
                let known = self.names().join(", ");
                let new = crate_for(text).unwrap_or_else(|| "my-own-npi, say".to_owned());
                Err(exit::usage(format!(
                    "no NPI is called {text:?}; there are {known}; a new contract is named after its crate: {new}"
                )))
            }
            ref several => {
                let named: Vec<String> = several
                    .iter()
                    .map(|contract| format!("{}::{}", contract.package, contract.module))
                    .collect();
                Err(exit::usage(format!("{text} may be {}: write one of them", named.join(" or "))))
            }
        }
    }
}

/// What the crate of a new contract could be called whose NPI is `text`; nothing if there is no such name.
fn crate_for(text: &str) -> Option<String> {
    let stem = text.rsplit("::").next()?.to_lowercase().replace('_', "-");
    let stem = stem.strip_suffix("-npi").unwrap_or(&stem);
    Name::of_contract(&format!("{stem}-npi")).ok().map(|name| name.to_string())
}

/// The contracts in the text of the root of `package`. What is not Rust has none; the compiler says why.
pub(super) fn in_crate(package: &str, text: &str) -> Vec<Contract> {
    let Ok(file) = syn::parse_file(text) else { return Vec::new() };
    let contract = |item: &Item| match item {
        Item::Mod(module) if is_contract(module) => Some(Contract::read(package, module)),
        _ => None,
    };
    file.items.iter().filter_map(contract).collect()
}

fn is_contract(module: &ItemMod) -> bool {
    module
        .attrs
        .iter()
        .any(|attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "npi"))
}

impl Contract {
    fn read(package: &str, module: &ItemMod) -> Self {
        let items = module.content.as_ref().map_or(&[][..], |(_, items)| items);
        let name = module.ident.to_string();
        let duties = |side: &str| Duties::read(items, side, &name);
        Self {
            package: package.to_owned(),
            provider: duties("Provider"),
            client: duties("Client"),
            module: name,
            product: None,
        }
    }
}

impl Duties {
    fn read(items: &[Item], side: &str, module: &str) -> Self {
        let local: Vec<String> = items.iter().filter_map(type_name).collect();
        let mut duties = Self::default();
        for item in items {
            match item {
                Item::Trait(found) if found.ident == side => {
                    let functions = found.items.iter().filter_map(|item| match item {
                        TraitItem::Fn(function) => Some(Function::new(function, module, &local)),
                        _ => None,
                    });
                    match functions.collect::<Result<Vec<_>, _>>() {
                        Ok(functions) => duties.functions = Some(functions),
                        Err(obstacle) => duties.obstacle = Some(obstacle),
                    }
                }
                Item::Struct(found) if found.ident == format!("{side}Characteristics") => {
                    match first_values(&found.fields) {
                        Some(fields) => duties.characteristics = Some(fields),
                        None => {
                            let what = format!("{} has a field without a first value", found.ident);
                            duties.obstacle = Some(what);
                        }
                    }
                }
                _ => {}
            }
        }
        duties
    }
}

/// The name of a type of the contract's own.
fn type_name(item: &Item) -> Option<String> {
    match item {
        Item::Struct(found) => Some(found.ident.to_string()),
        Item::Type(found) => Some(found.ident.to_string()),
        _ => None,
    }
}

fn first_values(fields: &Fields) -> Option<Vec<(String, String)>> {
    let field = |field: &syn::Field| Some((field.ident.as_ref()?.to_string(), first_value(&field.ty)?));
    fields.iter().map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "#[nmr::npi(id = \"x\", version = 1)] pub mod clock {
        pub struct ClientCharacteristics { pub window: u32 }
        pub trait Provider { fn ticks(&self) -> u64; }
        pub trait Client { fn ticked(&self, ticks: u64); }
    }
    #[npi(id = \"x\", version = 1)] pub mod relay { pub trait Provider {} }
    mod other {}";

    fn contracts() -> Contracts {
        let mut all = in_crate("time-npi", TWO);
        all.extend(in_crate(
            "other-npi",
            "#[npi(id = \"x\", version = 1)] pub mod relay { pub trait Provider {} }",
        ));
        all.extend(in_crate("broken-npi", "fn {"));
        Contracts(all)
    }

    #[test]
    fn contracts_are_modules_with_the_attribute() {
        let contracts = contracts();
        assert_eq!(contracts.names(), ["clock", "time-npi::relay", "other-npi::relay"]);
        let clock = &contracts.0[0];
        assert_eq!(clock.client.characteristics, Some(vec![("window".to_owned(), "0".to_owned())]));
        assert_eq!(clock.client.functions.as_ref().unwrap()[0].signature, "fn ticked(&self, _ticks: u64)");
        assert_eq!(contracts.0[1].client, Duties::default());
    }

    #[test]
    fn what_is_advised_can_be_done() {
        for (text, advice) in [
            ("gauge", "its crate: gauge-npi"),
            ("My_Gauge", "its crate: my-gauge-npi"),
            ("my_npi", "its crate: my-npi"),
            ("", "my-own-npi, say"),
            ("type", "my-own-npi, say"),
        ] {
            let error = contracts().find(text).unwrap_err().to_string();
            assert!(error.contains(advice), "{text}: {error}");
        }
    }

    #[test]
    fn a_word_stands_for_one_contract() {
        let contracts = contracts();
        assert!(
            matches!(contracts.find("clock").unwrap(), Meant::There(found) if found.package == "time-npi")
        );
        assert!(
            matches!(contracts.find("other-npi").unwrap(), Meant::There(found) if found.module == "relay")
        );
        assert!(matches!(contracts.find("other-npi::relay").unwrap(), Meant::There(_)));
        assert!(matches!(contracts.find("gauge-npi").unwrap(), Meant::New(name) if name.stem() == "gauge"));
        for (text, answer) in [
            ("relay", "time-npi::relay or other-npi::relay"),
            ("time-npi", "time-npi::clock or time-npi::relay"),
            ("gauge", "gauge-npi"),
            ("time-npi::gauge", "there are clock"),
            ("Gauge-npi", "form"),
        ] {
            let error = contracts.find(text).unwrap_err();
            assert_eq!(exit::reason_of(&error), exit::Reason::Usage);
            assert!(error.to_string().contains(answer), "{text}: {error}");
        }
    }
}
