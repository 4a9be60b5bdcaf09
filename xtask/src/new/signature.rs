//! The functions of a contract as a driver that serves them writes them.

use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, Pat, ReturnType, TraitItemFn, Type};

/// A function that a driver has to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// From `fn` to the return type.
    pub(super) signature: String,
    /// What it answers to begin with; empty if nothing.
    pub(super) answer: String,
}

impl Function {
    /// The function of a trait in `module`, which has types of its own called `local`. `Err` says why it cannot be written
    /// without knowing more.
    pub(super) fn new(item: &TraitItemFn, module: &str, local: &[String]) -> Result<Self, String> {
        let mut item = item.clone();
        if item.sig.unsafety.is_some() {
            return Err(format!("{} is unsafe, which drivers forbid", item.sig.ident));
        }
        if item.attrs.iter().any(|attribute| attribute.path().is_ident("no_context")) {
            return Err(format!("{} is called without a binding context", item.sig.ident));
        }
        ForDriver { module, local }.visit_signature_mut(&mut item.sig);
        let answer = match &item.sig.output {
            ReturnType::Default => String::new(),
            ReturnType::Type(_, returned) => first_value(returned).ok_or_else(|| {
                format!("{} answers a {}, of which no first value is known", item.sig.ident, tight(returned))
            })?,
        };
        Ok(Self { signature: tight(&item.sig), answer })
    }
}

/// What a value of type `of` is to begin with, if that can be known.
pub(super) fn first_value(of: &Type) -> Option<String> {
    let path = match of {
        Type::Tuple(unit) if unit.elems.is_empty() => return Some(String::new()),
        Type::Path(path) => path.path.segments.last()?,
        _ => return None,
    };
    let value = match path.ident.to_string().as_str() {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => "0",
        "Result" => "Err(nmr::Error::NOT_SUPPORTED)",
        "Status" => "nmr::Status::NOT_SUPPORTED",
        "Guid" => "nmr::Guid::from_u128(0)",
        _ => return None,
    };
    Some(value.to_owned())
}

/// What contracts may use by its name alone.
const OF_THE_FRAMEWORK: [&str; 7] =
    ["AtDispatch", "AtMostDispatch", "AtPassive", "Guid", "MayWait", "Result", "Status"];

/// Turns the contract's words into the driver's: its types are found in the module, and arguments are not used yet.
struct ForDriver<'a> {
    module: &'a str,
    local: &'a [String],
}

impl VisitMut for ForDriver<'_> {
    fn visit_fn_arg_mut(&mut self, argument: &mut FnArg) {
        if let FnArg::Typed(typed) = argument {
            typed.attrs.clear();
            if let Pat::Ident(name) = &mut *typed.pat {
                name.ident = quote::format_ident!("_{}", name.ident);
            }
        }
        visit_mut::visit_fn_arg_mut(self, argument);
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        visit_mut::visit_path_mut(self, path);
        let Some(first) = path.segments.first().map(|segment| segment.ident.to_string()) else { return };
        let home = match first.as_str() {
            _ if self.local.contains(&first) => self.module,
            // A contract that brings names of the framework in.
            _ if path.segments.len() == 1 && OF_THE_FRAMEWORK.contains(&first.as_str()) => "nmr",
            _ => return,
        };
        path.segments.insert(0, syn::PathSegment::from(quote::format_ident!("{home}")));
    }
}

/// Tokens with blanks where a person puts them.
fn tight(tokens: &impl quote::ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (loose, tight) in [
        (" :: ", "::"),
        (" :", ":"),
        (" ,", ","),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" < ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" -> ", "->"),
        ("->", " -> "),
    ] {
        text = text.replace(loose, tight);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(text: &str) -> Result<Function, String> {
        Function::new(&syn::parse_str(text).unwrap(), "gauge", &["Reading".to_owned()])
    }

    #[test]
    fn a_signature_is_copied_and_its_arguments_are_unused() {
        let made =
            function("#[irql(passive)] fn relay(&self, value: u64, to: Reading) -> nmr::Result<Reading>;")
                .unwrap();
        assert_eq!(
            made.signature,
            "fn relay(&self, _value: u64, _to: gauge::Reading) -> nmr::Result<gauge::Reading>"
        );
        assert_eq!(made.answer, "Err(nmr::Error::NOT_SUPPORTED)");
        assert_eq!(function("fn told(&self);").unwrap().answer, "");
        assert_eq!(function("fn ticks(&self) -> u64;").unwrap().answer, "0");
    }

    #[test]
    fn a_type_without_a_first_value_is_named() {
        let refusal = function("fn read(&self) -> Reading;").unwrap_err();
        assert!(refusal.starts_with("read answers a gauge::Reading"), "{refusal}");
        let refusal = function("unsafe fn read(&self, at: *mut u8);").unwrap_err();
        assert!(refusal.contains("unsafe"), "{refusal}");
        let refusal = function("#[no_context] fn read(&self);").unwrap_err();
        assert!(refusal.contains("without a binding context"), "{refusal}");
    }

    #[test]
    fn names_of_the_framework_are_found_without_the_imports_of_the_contract() {
        let made = function("fn read(&self, at: &AtPassive<'_>, of: Guid) -> Result<u32>;").unwrap();
        assert_eq!(
            made.signature,
            "fn read(&self, _at: &nmr::AtPassive<'_>, _of: nmr::Guid) -> nmr::Result<u32>"
        );
    }
}
