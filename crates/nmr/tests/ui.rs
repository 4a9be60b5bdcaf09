//! The mistakes that the macros explain, one case each: the message is part of the product.
//!
//! `TRYBUILD=overwrite cargo test -p nmr --test ui` rewrites the expected texts; read them as a newcomer would.

#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}
