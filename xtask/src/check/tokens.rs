//! Rust source as a flat list of tokens with lines: code only, no comments, no text of literals.

use std::str::FromStr as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A token, or one half of a pair of brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// The text; that of a literal as it is written.
    pub(super) text: String,
    /// From 1.
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// One character; brackets are such as well.
    Sign,
    Literal,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Literal && self.text == text
    }
}

/// The tokens of `text`, or why it cannot be read. What a `quote!` holds is code of another file and left out.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let stream = TokenStream::from_str(text).map_err(|error| error.to_string())?;
    let mut flat = Vec::new();
    flatten(stream, &mut flat);
    Ok(flat)
}

/// The tokens of the inside of a macro call.
pub(super) fn flattened(stream: TokenStream) -> Vec<Token> {
    let mut flat = Vec::new();
    flatten(stream, &mut flat);
    flat
}

fn flatten(stream: TokenStream, flat: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |kind, text: String, line| flat.push(Token { kind, text, line });
        match tree {
            TokenTree::Ident(word) => push(Kind::Word, word.to_string(), line),
            TokenTree::Punct(sign) => push(Kind::Sign, sign.as_char().to_string(), line),
            TokenTree::Literal(literal) => push(Kind::Literal, literal.to_string(), line),
            TokenTree::Group(group) => {
                let quoted = is_quotation(flat);
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let mut push =
                    |text: &str, line| flat.push(Token { kind: Kind::Sign, text: text.into(), line });
                push(open, line);
                let end = group.span_close().start().line;
                if !quoted {
                    flatten(group.stream(), flat);
                }
                let mut push =
                    |text: &str, line| flat.push(Token { kind: Kind::Sign, text: text.into(), line });
                push(close, end);
            }
        }
    }
}

fn is_quotation(before: &[Token]) -> bool {
    let [.., name, sign] = before else { return false };
    let quotes = ["quote", "quote_spanned", "parse_quote", "parse_quote_spanned"];
    sign.is("!") && quotes.iter().any(|quote| name.is(quote))
}

/// Where `pattern` occurs: words and signs separated by blanks, `_` for any one token.
pub(super) fn find(tokens: &[Token], pattern: &str) -> Vec<usize> {
    let pattern = pattern.replace("::", ": :");
    let pattern: Vec<&str> = pattern.split(' ').collect();
    let fits =
        |window: &[Token]| window.iter().zip(&pattern).all(|(token, text)| *text == "_" || token.is(text));
    tokens.windows(pattern.len()).enumerate().filter(|(_, window)| fits(window)).map(|(at, _)| at).collect()
}

/// The tokens between the bracket at `open` and the one that closes it.
pub(super) fn inside(tokens: &[Token], open: usize) -> &[Token] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.kind == Kind::Sign {
            match token.text.as_str() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
        }
        if depth == 0 {
            return tokens.get(open + 1..at).unwrap_or_default();
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_hold_no_code() {
        let tokens = tokens("// unsafe\nfn f() { g(\"unsafe {\"); } /* unsafe */").unwrap();
        assert!(find(&tokens, "unsafe").is_empty());
        assert_eq!(find(&tokens, "fn f"), [0]);
        assert_eq!(tokens[0].line, 2);
    }

    #[test]
    fn a_quotation_is_code_of_another_file() {
        let tokens = tokens("let a = quote! { unsafe { b } }; vec![unsafe { c }];").unwrap();
        assert_eq!(find(&tokens, "unsafe {").len(), 1);
        assert!(find(&tokens, "b").is_empty());
    }

    #[test]
    fn a_pattern_has_gaps() {
        let tokens = tokens("a.b(c); a.d(e)").unwrap();
        assert_eq!(find(&tokens, "a . _ (").len(), 2);
        let open = find(&tokens, "d (")[0] + 1;
        assert_eq!(inside(&tokens, open).iter().map(|token| token.text.as_str()).collect::<Vec<_>>(), ["e"]);
    }
}
