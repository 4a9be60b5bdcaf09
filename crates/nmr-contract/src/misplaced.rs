//! Attributes of a contract that are left where they say nothing.

use crate::Mistakes;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Item, ItemEnum};

/// Tells of each, and takes its meaning from it, so that the compiler does not tell the same in other words.
pub(crate) fn tell(items: &mut [Item], mistakes: &mut Mistakes) {
    let mut visitor = Misplaced { mistakes };
    items.iter_mut().for_each(|item| visitor.visit_item_mut(item));
}

struct Misplaced<'a> {
    mistakes: &'a mut Mistakes,
}

impl Misplaced<'_> {
    fn refuse(&mut self, attribute: &mut Attribute, message: &str) {
        self.mistakes.add(attribute.span(), message);
        attribute.meta = syn::parse_quote!(cfg(all()));
    }
}

impl VisitMut for Misplaced<'_> {
    fn visit_item_enum_mut(&mut self, item: &mut ItemEnum) {
        for attribute in item.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("plain")) {
            let message = "C may put any value here, and an enum has no room for it: write `#[plain] pub struct Kind(pub u32);`, \
                           with constants for the values that are known";
            self.refuse(attribute, message);
        }
        visit_mut::visit_item_enum_mut(self, item);
    }

    fn visit_attribute_mut(&mut self, attribute: &mut Attribute) {
        let message = match attribute.path().get_ident().map(ToString::to_string).as_deref() {
            Some("plain") => "`#[plain]` stands on a struct of the contract, and nowhere else",
            Some("header") => "`#[header(..)]` stands on a trait or on characteristics, and nowhere else",
            Some("optional") => "`#[optional]` stands on a function of a table, and nowhere else",
            Some("no_context") => "`#[no_context]` stands on a function of a table, and nowhere else",
            Some("since") => {
                "`#[since(..)]` stands on a function of a table, and nowhere else; characteristics grow at their end, with a \
                 version of their own that stays"
            }
            _ => return,
        };
        self.refuse(attribute, message);
    }
}
