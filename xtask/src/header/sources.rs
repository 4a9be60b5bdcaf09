//! The modules with `#[npi]` in a crate, wherever its files are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use nmr_contract::Reading;
use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::{Attribute, Item, ItemMod, Meta};

use crate::exit;

/// What a crate has of contracts.
#[derive(Default)]
pub(super) struct Found {
    /// The documentation of the crate, line by line.
    pub(super) documentation: Vec<String>,
    /// Its contracts, in the order of the sources.
    pub(super) modules: Vec<Module>,
}

/// A module with `#[npi]`.
pub(super) struct Module {
    /// Where it is.
    pub(super) file: PathBuf,
    /// What it says.
    pub(super) reading: Reading,
}

impl Module {
    /// A mistake in it, with file and line.
    pub(super) fn tell(&self, mistake: &syn::Error) -> String {
        tell(&self.file, mistake)
    }
}

/// `mistake` with file and line.
pub(super) fn tell(file: &Path, mistake: &syn::Error) -> String {
    format!("{}:{}: {mistake}", file.display(), mistake.span().start().line)
}

/// Reads the crate whose root module is `root`.
pub(super) fn find(root: &Path) -> Result<Found> {
    let mut found = Found::default();
    let file = read(root)?;
    found.documentation = nmr_contract::c::documentation_of(&file.attrs);
    let folder = root.parent().unwrap_or(Path::new("")).to_owned();
    walk(root, &folder, file.items, &mut found)?;
    Ok(found)
}

fn read(path: &Path) -> Result<syn::File> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    syn::parse_file(&text).map_err(|error| exit::wrong(tell(path, &error)))
}

/// `folder` is where the modules that `items` of `file` declare have their files.
fn walk(file: &Path, folder: &Path, items: Vec<Item>, found: &mut Found) -> Result<()> {
    for item in items {
        let Item::Mod(mut module) = item else { continue };
        if module.attrs.iter().any(is_for_tests) {
            continue;
        }
        if let Some(arguments) = take_npi(&mut module) {
            let reading = Reading::of(arguments, module);
            found.modules.push(Module { file: file.to_owned(), reading });
            continue;
        }
        let folder = folder.join(module.ident.unraw().to_string());
        match module.content {
            Some((_, items)) => walk(file, &folder, items, found)?,
            None => {
                let beside = folder.with_extension("rs");
                let inside = folder.join("mod.rs");
                // A module that is somewhere else is not for contracts.
                let Some(path) = [beside, inside].into_iter().find(|path| path.is_file()) else { continue };
                let items = read(&path)?.items;
                walk(&path, &folder, items, found)?;
            }
        }
    }
    Ok(())
}

fn is_for_tests(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
}

/// Takes `#[npi(..)]` off the module, if it is there, and answers what is in it.
fn take_npi(module: &mut ItemMod) -> Option<TokenStream> {
    let is_npi =
        |attribute: &Attribute| attribute.path().segments.last().is_some_and(|last| last.ident == "npi");
    let index = module.attrs.iter().position(is_npi)?;
    Some(match module.attrs.remove(index).meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    })
}
