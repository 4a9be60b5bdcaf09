//! Which code never gets into a driver: tests, model checks, and what the framework offers to tests on a desk.

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Token, punctuated::Punctuated};

/// The lines of items that are for the desk only, first and last, in one file.
pub(super) fn desk_lines(syntax: &syn::File) -> Vec<(usize, usize)> {
    let mut finder = Finder::default();
    finder.visit_file(syntax);
    finder.lines
}

/// The modules in files of their own that `syntax` declares for the desk only.
pub(super) fn desk_modules(syntax: &syn::File) -> Vec<String> {
    syntax
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() && is_desk_only(&module.attrs) => {
                Some(module.ident.to_string())
            }
            _ => None,
        })
        .collect()
}

/// Whether one of `attributes` keeps its item out of every driver.
pub(super) fn is_desk_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args::<Meta>().is_ok_and(|condition| excludes_drivers(&condition))
        }
        meta => meta.path().is_ident("test"),
    })
}

fn excludes_drivers(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => ["test", "loom", "miri"].iter().any(|name| path.is_ident(name)),
        Meta::NameValue(pair) => {
            let value = matches!(&pair.value, syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })
                if text.value() == "host");
            pair.path.is_ident("feature") && value
        }
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let Ok(parts) = parts else { return false };
            if list.path.is_ident("any") {
                !parts.is_empty() && parts.iter().all(excludes_drivers)
            } else if list.path.is_ident("all") {
                parts.iter().any(excludes_drivers)
            } else {
                list.path.is_ident("not") && parts.iter().any(|part| part.path().is_ident("nmr_driver"))
            }
        }
    }
}

#[derive(Default)]
struct Finder {
    lines: Vec<(usize, usize)>,
}

impl Finder {
    /// Notes the lines of an item for the desk; says whether it is one.
    fn notes(&mut self, attributes: &[Attribute], span: Span) -> bool {
        let desk = is_desk_only(attributes);
        if desk {
            self.lines.push((span.start().line, span.end().line));
        }
        desk
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item(&mut self, item: &'ast Item) {
        if !self.notes(attributes(item), item.span()) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !self.notes(&item.attrs, item.span()) {
            visit::visit_impl_item_fn(self, item);
        }
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_desk(condition: &str) -> bool {
        let item: Item = syn::parse_str(&format!("#[cfg({condition})] mod m;")).unwrap();
        is_desk_only(attributes(&item))
    }

    #[test]
    fn conditions_that_no_driver_meets() {
        for desk in ["test", "loom", "any(test, feature = \"host\")", "all(test, unix)", "not(nmr_driver)"] {
            assert!(is_desk(desk), "{desk}");
        }
        for driver in
            ["not(test)", "any(test, unix)", "feature = \"other\"", "not(loom)", "nmr_driver", "any()"]
        {
            assert!(!is_desk(driver), "{driver}");
        }
    }

    #[test]
    fn lines_cover_the_whole_item() {
        let file =
            syn::parse_file("fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\n#[cfg(test)] mod c;")
                .unwrap();
        assert_eq!(desk_lines(&file), [(2, 5), (6, 6)]);
        assert_eq!(desk_modules(&file), ["c"]);
    }
}
