//! Law 5: context is a type. The tokens that say where code runs are not Send, Sync, Clone or `'static`.

use super::finding::Finding;
use super::source::SourceFile;
use super::tokens::{Token, find, inside};
use super::tree::Tree;

const LAW: &str = "law 5";
const FRAMEWORK: &str = "crates/nmr";

/// The tokens, and whether the framework must have them.
const TOKENS: [(&str, bool); 4] =
    [("MayWait", true), ("AtPassive", true), ("AtMostDispatch", true), ("AtDispatch", false)];
const FORBIDDEN: [&str; 5] = ["Clone", "Copy", "Default", "Send", "Sync"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    if tree.product(FRAMEWORK).next().is_none() {
        return findings;
    }
    for (name, required) in TOKENS {
        let mut defined = false;
        for file in tree.product(FRAMEWORK) {
            for at in definitions(file.product_tokens(), name) {
                defined = true;
                definition(file, name, at, &mut findings);
            }
            implementations(file, name, &mut findings);
        }
        if required && !defined {
            findings.push(Finding::new(
                LAW,
                &format!("{FRAMEWORK}/src"),
                0,
                format!("no definition of the context token {name} was found"),
                "define it, or teach xtask/src/check/context_tokens.rs how it is defined",
            ));
        }
    }
    findings
}

/// Where `struct name` stands, or the `struct $name` of a macro that is given the name in the same file.
fn definitions(tokens: &[Token], name: &str) -> Vec<usize> {
    let mut at = find(tokens, &format!("struct {name}"));
    if !find(tokens, &format!("{name} ;")).is_empty() {
        at.extend(find(tokens, "struct $ name"));
    }
    at
}

fn definition(file: &SourceFile, name: &str, at: usize, findings: &mut Vec<Finding>) {
    let tokens = file.product_tokens();
    let line = tokens[at].line;
    let mut report = |what: String, remedy: &str| {
        findings.push(Finding::new(LAW, &file.path, line, what, remedy));
    };
    let before = tokens[..at].iter().rposition(|token| [";", "{", "}"].iter().any(|end| token.is(end)));
    let attributes = &tokens[before.map_or(0, |before| before + 1)..at];
    for derive in find(attributes, "derive (") {
        for forbidden in FORBIDDEN {
            if inside(attributes, derive + 1).iter().any(|token| token.is(forbidden)) {
                report(
                    format!("the context token {name} derives {forbidden}"),
                    "leave it out: a token is used up where it is",
                );
            }
        }
    }
    let rest = &tokens[at..];
    let end = rest.iter().position(|token| token.is(";") || token.is("}")).unwrap_or(rest.len());
    let body = &rest[..end];
    if !is_unsendable(body, tokens) {
        report(
            format!("the context token {name} has no field that keeps it on its thread"),
            "give it a PhantomData<*mut ...>, which is neither Send nor Sync",
        );
    }
    if find(body, "< '").is_empty() || !find(body, "< ' static").is_empty() {
        report(
            format!("the context token {name} has no lifetime"),
            "let it borrow from the call that it was given to",
        );
    }
}

/// Whether `body` holds a raw pointer, in its own words or by a type alias of the file.
fn is_unsendable(body: &[Token], tokens: &[Token]) -> bool {
    let alias = |at: usize| {
        let end = tokens[at..].iter().position(|token| token.is(";")).map_or(tokens.len(), |end| at + end);
        !find(&tokens[at..end], "PhantomData < * mut").is_empty()
            && body.iter().any(|token| *token.text == tokens[at + 1].text)
    };
    !find(body, "PhantomData < * mut").is_empty() || find(tokens, "type _").into_iter().any(alias)
}

fn implementations(file: &SourceFile, name: &str, findings: &mut Vec<Finding>) {
    let tokens = file.product_tokens();
    for at in find(tokens, "for _") {
        let mut of = at + 1;
        while tokens.get(of + 1).is_some_and(|token| token.is(":")) && tokens.get(of + 3).is_some() {
            of += 3;
        }
        let by_macro = tokens[of].is("$") && !definitions(tokens, name).is_empty();
        if !(tokens[of].is(name) || by_macro) || at < 2 {
            continue;
        }
        let (of_trait, before) = (&tokens[at - 1], &tokens[at - 2]);
        if FORBIDDEN.iter().any(|forbidden| of_trait.is(forbidden)) && !before.is("!") {
            findings.push(Finding::new(
                LAW,
                &file.path,
                of_trait.line,
                format!("{} is implemented for the context token {name}", of_trait.text),
                "take the implementation out: a token holds for one thread, in one call",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{files, places};
    use super::check;

    const OTHERS: &str = "//! O.\npub struct AtPassive<'a>(PhantomData<*mut &'a ()>);\n\
                          pub struct AtMostDispatch<'a>(PhantomData<*mut &'a ()>);\n";

    fn found(code: &str) -> Vec<String> {
        places(&check(&files(&[("crates/nmr/src/o.rs", OTHERS), ("crates/nmr/src/irql.rs", code)])))
    }

    #[test]
    fn a_token_stays_where_it_is() {
        let good = "#[derive(Debug)]\npub struct MayWait<'a>(PhantomData<*mut &'a ()>);";
        assert_eq!(found(good), [""; 0]);
        for bad in [
            "#[derive(Debug, Clone)] pub struct MayWait<'a>(PhantomData<*mut &'a ()>);",
            "pub struct MayWait<'a>(PhantomData<&'a ()>);",
            "pub struct MayWait(PhantomData<*mut ()>);",
        ] {
            assert_eq!(found(bad), ["crates/nmr/src/irql.rs:1"], "{bad}");
        }
        for bad in
            ["unsafe impl Send for MayWait<'_> {}", "impl<'a> core::clone::Clone for crate::MayWait<'a> {}"]
        {
            assert_eq!(found(&format!("{good}\n{bad}")), ["crates/nmr/src/irql.rs:3"], "{bad}");
        }
        assert_eq!(found(&format!("{good}\nimpl !Send for MayWait<'_> {{}}")), [""; 0]);
        assert_eq!(found(&format!("{good}\nimpl Send for Other<MayWait> {{}}")), [""; 0]);
    }

    #[test]
    fn a_token_made_by_a_macro_is_seen() {
        let by_macro = |attributes: &str, body: &str| {
            format!(
                "type Here<'a> = PhantomData<*mut &'a ()>;\nmacro_rules! tokens {{ ($($name:ident;)*) => {{$(\n\
                 {attributes} pub struct $name<'a>({body});\n)*}}; }}\ntokens! {{\n    MayWait;\n}}\n"
            )
        };
        assert_eq!(found(&by_macro("#[derive(Debug)]", "Here<'a>")), [""; 0]);
        assert_eq!(found(&by_macro("#[derive(Copy)]", "Here<'a>")), ["crates/nmr/src/irql.rs:3"]);
        assert_eq!(found(&by_macro("", "&'a ()")), ["crates/nmr/src/irql.rs:3"]);
    }

    #[test]
    fn a_token_that_is_not_found_is_not_believed() {
        assert_eq!(found("//! Nothing."), ["crates/nmr/src:0"]);
    }
}
