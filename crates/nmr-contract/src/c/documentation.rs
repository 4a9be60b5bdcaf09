//! Documentation comments of Rust as comments of C.

use syn::{Attribute, Expr, Lit, Meta};

/// The lines of the documentation among `attributes`.
pub fn lines(attributes: &[Attribute]) -> Vec<String> {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(text) => match &text.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    let mut lines = Vec::new();
    for text in attributes.iter().filter_map(line) {
        lines.extend(text.split('\n').map(|line| plain(line.strip_prefix(' ').unwrap_or(line))));
    }
    lines
}

/// A heading of Markdown is a word and a colon in C.
fn plain(line: &str) -> String {
    match line.strip_prefix("# ") {
        Some(heading) => format!("{heading}:"),
        None => line.to_owned(),
    }
}

/// Writes `lines` as one comment, if there are any.
pub(super) fn block(text: &mut String, indent: &str, lines: &[String]) {
    let lines: Vec<String> =
        lines.iter().map(|line| line.replace("*/", "* /").replace("/*", "/ *")).collect();
    match &lines[..] {
        [] => {}
        [one] => text.push_str(&format!("{indent}/** {one} */\n")),
        several => {
            text.push_str(&format!("{indent}/**\n"));
            for line in several {
                text.push_str(format!("{indent} * {line}").trim_end());
                text.push('\n');
            }
            text.push_str(&format!("{indent} */\n"));
        }
    }
}
