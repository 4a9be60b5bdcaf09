//! Law 7: nothing in the contract is hidden. Each operation's documentation names the Nmr* call that it makes, and raw
//! handles stay reachable.

use std::collections::BTreeMap;

use quote::ToTokens as _;
use syn::spanned::Spanned as _;
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, TraitItem, Visibility};

use super::finding::Finding;
use super::tokens::{find, flattened};
use super::tree::Tree;

const LAW: &str = "law 7";

/// The nine functions, as the methods of the Registrar trait.
const CALLS: [&str; 9] = [
    "register_client",
    "deregister_client",
    "wait_for_client_deregister_complete",
    "client_attach_provider",
    "client_detach_provider_complete",
    "register_provider",
    "deregister_provider",
    "wait_for_provider_deregister_complete",
    "provider_detach_client_complete",
];

/// Public operations that make one of the calls further down.
const OPERATIONS: [&str; 7] =
    ["load", "unload", "register", "deregister", "activate", "deactivate", "wait_deactivated"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    registrar(tree, &mut findings);
    framework(tree, &mut findings);
    findings
}

/// Each method of the trait names its function, in full.
fn registrar(tree: &Tree, findings: &mut Vec<Finding>) {
    for function in tree.product("crates/nmr-abi").flat_map(functions) {
        if function.of_trait.as_deref() == Some("Registrar") && CALLS.contains(&function.name.as_str()) {
            let wanted = contract_name(&function.name);
            if !function.documentation.contains(&wanted) {
                let what = format!("Registrar::{} does not name {wanted}", function.name);
                findings.push(Finding::new(
                    LAW,
                    function.path,
                    function.line,
                    what,
                    "name it in its documentation",
                ));
            }
        }
    }
}

fn framework(tree: &Tree, findings: &mut Vec<Finding>) {
    let functions: Vec<Function<'_>> = tree.product("crates/nmr").flat_map(functions).collect();
    if functions.is_empty() {
        return;
    }
    // What a trait's method says holds for its implementations.
    let declared: BTreeMap<(&str, &str), &str> = functions
        .iter()
        .filter_map(|function| match (&function.of_trait, function.implements) {
            (Some(name), false) => {
                Some(((name.as_str(), function.name.as_str()), function.documentation.as_str()))
            }
            _ => None,
        })
        .collect();
    for function in &functions {
        let key = (function.of_trait.as_deref().unwrap_or(""), function.name.as_str());
        let documentation = match function.implements {
            true => declared.get(&key).copied().unwrap_or(&function.documentation),
            false => &function.documentation,
        };
        let operation =
            function.is_public && !function.implements && OPERATIONS.contains(&function.name.as_str());
        if (operation || function.calls) && !documentation.contains("Nmr") {
            findings.push(Finding::new(
                LAW,
                function.path,
                function.line,
                format!("{} does not name the Nmr* call that it makes", function.name),
                "name it in the documentation",
            ));
        }
    }
    if !functions.iter().any(|function| function.is_public && function.name == "raw_handle") {
        findings.push(Finding::new(
            LAW,
            "crates/nmr/src",
            0,
            "no public `raw_handle` was found",
            "keep NMR's own handles reachable, for calls that the framework does not make",
        ));
    }
}

/// `register_client` is `NmrRegisterClient`.
fn contract_name(method: &str) -> String {
    let words = method.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    format!("Nmr{}", words.collect::<String>())
}

/// A function of the framework.
struct Function<'a> {
    path: &'a str,
    line: usize,
    name: String,
    /// The trait that declares it, or that the surrounding block implements.
    of_trait: Option<String>,
    implements: bool,
    /// Public, and shown to users.
    is_public: bool,
    documentation: String,
    /// Whether it makes one of the nine calls itself.
    calls: bool,
}

fn functions(file: &super::source::SourceFile) -> Vec<Function<'_>> {
    let mut functions = Vec::new();
    if let Some(syntax) = file.syntax() {
        collect(&syntax.items, &file.path, &mut functions);
    }
    functions
}

fn collect<'a>(items: &[Item], path: &'a str, functions: &mut Vec<Function<'a>>) {
    for item in items {
        match item {
            Item::Fn(item) => functions.push(Function {
                path,
                line: item.sig.span().start().line,
                name: item.sig.ident.to_string(),
                of_trait: None,
                implements: false,
                is_public: matches!(item.vis, Visibility::Public(_)) && !is_hidden(&item.attrs),
                documentation: documentation(&item.attrs),
                calls: makes_call(&item.block),
            }),
            Item::Impl(block) => {
                let of_trait = block.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
                for item in &block.items {
                    let ImplItem::Fn(item) = item else { continue };
                    functions.push(Function {
                        path,
                        line: item.sig.span().start().line,
                        name: item.sig.ident.to_string(),
                        of_trait: of_trait.map(|segment| segment.ident.to_string()),
                        implements: of_trait.is_some(),
                        is_public: matches!(item.vis, Visibility::Public(_)) && !is_hidden(&item.attrs),
                        documentation: documentation(&item.attrs),
                        calls: makes_call(&item.block),
                    });
                }
            }
            Item::Trait(block) => {
                for item in &block.items {
                    let TraitItem::Fn(item) = item else { continue };
                    functions.push(Function {
                        path,
                        line: item.sig.span().start().line,
                        name: item.sig.ident.to_string(),
                        of_trait: Some(block.ident.to_string()),
                        implements: false,
                        is_public: matches!(block.vis, Visibility::Public(_)) && !is_hidden(&item.attrs),
                        documentation: documentation(&item.attrs),
                        calls: item.default.as_ref().is_some_and(makes_call),
                    });
                }
            }
            Item::Mod(module) if !super::desk::is_desk_only(&module.attrs) => {
                let items = module.content.as_ref().map_or(&[][..], |(_, items)| items);
                collect(items, path, functions);
            }
            _ => {}
        }
    }
}

fn makes_call(block: &syn::Block) -> bool {
    let tokens = flattened(block.to_token_stream());
    CALLS.iter().any(|call| !find(&tokens, &format!(". {call} (")).is_empty())
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc") && attribute.meta.to_token_stream().to_string().contains("hidden")
    })
}

fn documentation(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, places};
    use super::check;

    const HANDLE: &str = "//! H.\npub fn raw_handle() {}\n";

    fn found(path: &str, code: &str) -> Vec<String> {
        places(&check(&files(&[("crates/nmr/src/h.rs", HANDLE), (path, &format!("//! A.\n{code}"))])))
    }

    #[test]
    fn the_registrar_names_each_function_in_full() {
        let path = "crates/nmr-abi/src/registrar.rs";
        let method =
            |doc: &str| format!("pub trait Registrar {{\n    /// {doc}\n    fn register_client();\n}}");
        assert_eq!(found(path, &method("`NmrRegisterClient`, at PASSIVE_LEVEL.")), [""; 0]);
        assert_eq!(found(path, &method("Registers.")), ["crates/nmr-abi/src/registrar.rs:4"]);
        assert_eq!(found(path, &method("`NmrRegisterProvider`.")), ["crates/nmr-abi/src/registrar.rs:4"]);
    }

    #[test]
    fn whoever_calls_says_so() {
        let path = "crates/nmr/src/a.rs";
        assert_eq!(found(path, "fn f() { n.deregister_client(h) }"), ["crates/nmr/src/a.rs:2"]);
        assert_eq!(found(path, "/// `NmrDeregisterClient`.\nfn f() { n.deregister_client(h) }"), [""; 0]);
        let role = |doc: &str| {
            format!(
                "trait Role {{\n{doc}\nfn go(); }}\nimpl Role for C {{\nfn go() {{ n.deregister_client(h) }} }}"
            )
        };
        assert_eq!(found(path, &role("/// NmrDeregister*.")), [""; 0]);
        assert_eq!(found(path, &role("")), ["crates/nmr/src/a.rs:6"]);
    }

    #[test]
    fn public_operations_say_so() {
        let path = "crates/nmr/src/a.rs";
        assert_eq!(found(path, "/// Takes it down.\npub fn unload() {}"), ["crates/nmr/src/a.rs:3"]);
        assert_eq!(found(path, "/// Takes it down: NmrDeregister*.\npub fn unload() {}"), [""; 0]);
        assert_eq!(found(path, "pub(crate) fn unload() {}\n#[doc(hidden)]\npub fn load() {}"), [""; 0]);
    }

    #[test]
    fn handles_stay_reachable() {
        assert_eq!(
            places(&check(&files(&[("crates/nmr/src/a.rs", "//! A.\nfn raw_handle() {}")]))),
            ["crates/nmr/src:0"]
        );
    }
}
