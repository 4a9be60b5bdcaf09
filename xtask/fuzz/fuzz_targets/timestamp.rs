//! Answers of timestamp authorities, and their tokens.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xtask::fuzz::timestamp(bytes));
