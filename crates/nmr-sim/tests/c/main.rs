//! The C library as programs in C see it: the headers, the example, and small programs that are compiled here and run in
//! a process each, plain and under the sanitizers.
//!
//! These tests need a C and a C++ compiler and make. Where those are missing the tests leave themselves out, unless the
//! environment variable `NMR_TEST_REQUIRE_TOOLS` is set, as `cargo xtask test` does.

#![cfg(all(target_os = "linux", not(miri)))]

mod cpp;
mod example;
mod handles;
mod headers;
mod misuse;
mod races;
mod settings;
mod symbols;
mod toolchain;
