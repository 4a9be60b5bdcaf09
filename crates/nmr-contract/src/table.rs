//! A dispatch table: one of the traits of a contract.

use crate::convention::Kind;
use crate::{Convention, Function, Identity, Mistakes, attributes};
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemTrait, TraitItem, Visibility};

/// The trait `Provider` or `Client` of a contract.
#[derive(Clone)]
pub struct Table {
    /// Its documentation and other attributes.
    pub attributes: Vec<Attribute>,
    /// How the table begins.
    pub header: Convention,
    /// The functions behind the header, in order.
    pub functions: Vec<Function>,
}

impl Table {
    /// Finds the trait `name`.
    pub(crate) fn take(
        items: &mut [Item],
        name: &str,
        identity: Option<&Identity>,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let side = items.iter_mut().find_map(|item| match item {
            Item::Trait(side) if side.ident == name => Some(side),
            _ => None,
        })?;
        check_heading(side, mistakes);
        let header = Convention::take(&mut side.attrs, mistakes);
        let functions = functions(side, mistakes);
        let table = Self { attributes: side.attrs.clone(), header, functions };
        if let Some(identity) = identity {
            table.check_versions(identity, mistakes);
        }
        Some(table)
    }

    /// Whether a binding context can serve every function of the table.
    pub fn serves_contexts(&self) -> bool {
        self.functions.iter().all(|function| function.has_context)
    }

    /// The newest version of the table.
    pub fn version(&self, identity: &Identity) -> u16 {
        self.header.version.unwrap_or(identity.version)
    }

    /// The oldest version of the table.
    pub fn oldest(&self, identity: &Identity) -> u16 {
        self.header.version.unwrap_or(identity.oldest)
    }

    /// Where the address of the `index`th function is in the table, in bytes.
    pub fn offset(&self, index: usize) -> usize {
        self.header.kind.layout().0.next_multiple_of(8) + 8 * index
    }

    fn check_versions(&self, identity: &Identity, mistakes: &mut Mistakes) {
        let mut before = 0;
        for function in &self.functions {
            let Some((since, span)) = function.since else {
                if before > 0 {
                    mistakes.add(
                        function.name.span(),
                        format!("`{}` stands behind functions of version {before}: old tables end before those, so put it in \
                            front of them, or say since when it is there", function.name),
                    );
                }
                continue;
            };
            if let Some(reason) = self.no_newer_functions() {
                mistakes.add(span, reason);
                continue;
            }
            if since > identity.version || since <= identity.oldest {
                let (oldest, version) = (identity.oldest, identity.version);
                let message = match oldest == version {
                    true => format!(
                        "the contract is of version {version} alone: say which older ones are spoken, as in `#[npi(.., \
                         version = {version}, oldest = 1)]`"
                    ),
                    false => format!(
                        "the contract goes from version {oldest} to {version}: a function is there since one above {oldest}, up \
                         to {version}"
                    ),
                };
                mistakes.add(span, message);
            } else if since < before {
                let message = format!(
                    "functions are only ever added at the end: this one stands behind version {before}"
                );
                mistakes.add(span, message);
            }
            before = before.max(since);
        }
    }

    /// Why no function of the table can be newer than others, if that is so.
    fn no_newer_functions(&self) -> Option<String> {
        let word = self.header.kind.word();
        if self.header.kind == Kind::None {
            return Some(
                "a table with `#[header(none)]` says neither its version nor its size, so nobody can tell whether a peer's \
                 has this function: leave `#[since]` out, or give the table a header"
                    .to_owned(),
            );
        }
        let version = self.header.version?;
        Some(format!(
            "this table is of version {version} alone, whatever the contract's: leave `#[since]` out, or the version in \
             `#[header({word}, version = {version})]`"
        ))
    }
}

/// What stands in front of the functions.
fn check_heading(side: &ItemTrait, mistakes: &mut Mistakes) {
    let name = &side.ident;
    attributes::refuse_conditions(&side.attrs, mistakes);
    if !matches!(side.vis, Visibility::Public(_)) {
        mistakes.add(name.span(), format!("modules outside serve and call these: write `pub trait {name}`"));
    }
    if let Some(unsafety) = &side.unsafety {
        let message = "what callers promise is said of a function: remove this, and write `unsafe fn` there";
        mistakes.add(unsafety.span(), message);
    }
    if let Some(parameter) = side.generics.params.first() {
        mistakes.add(
            parameter.span(),
            "a dispatch table has one layout: write the types out instead of parameters",
        );
    }
    let bound = side.supertraits.first().map(Spanned::span);
    if let Some(bound) = bound.or(side.generics.where_clause.as_ref().map(Spanned::span)) {
        let message =
            "a peer's table is all that there is behind a call, and it is nothing else: remove the bounds";
        mistakes.add(bound, message);
    }
    if side.items.is_empty() {
        let message = format!("`{name}` has no functions: give it one, or leave the trait out");
        mistakes.add(name.span(), message);
    }
}

fn functions(side: &mut ItemTrait, mistakes: &mut Mistakes) -> Vec<Function> {
    let mut functions = Vec::new();
    for item in &mut side.items {
        match item {
            TraitItem::Fn(function) => functions.extend(Function::take(function, mistakes)),
            other => mistakes.add(other.span(), "a dispatch table has functions only: what else belongs to the contract stands beside the trait, in the module"),
        }
    }
    functions
}
