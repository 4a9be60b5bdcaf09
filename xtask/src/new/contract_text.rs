//! The texts of a new contract crate.

use super::name::Name;
use super::request::Identifier;

/// Its manifest.
pub(super) fn manifest(name: &Name) -> String {
    format!(
        "\
[package]
name = \"{name}\"
description = \"The {} contract, for the driver teams on both sides of it.\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[dependencies]
nmr.workspace = true

[lints]
workspace = true
",
        title(name)
    )
}

/// Its root.
pub(super) fn root(name: &Name, Identifier(id): &Identifier) -> String {
    let (title, module) = (title(name), name.stem().replace('-', "_"));
    format!(
        "\
//! The {title} contract. Client and provider teams share this crate, and need nothing else of each other.
#![no_std]
#![forbid(unsafe_code)]

/// {title}: say here what it is for.
#[nmr::npi(id = \"{id}\", version = 1)]
pub mod {module} {{
    /// What a provider of {title} serves to its clients.
    pub trait Provider {{
        /// The answer to `value`. IRQL <= DISPATCH_LEVEL.
        ///
        /// # Errors
        /// STATUS_NOT_SUPPORTED from a provider that has none yet.
        fn answer(&self, value: u64) -> nmr::Result<u64>;
    }}
}}
"
    )
}

/// The name in words: `packet-gauge-npi` is Packet Gauge.
pub(super) fn title(name: &Name) -> String {
    name.stem().split('-').map(super::name::pascal).collect::<Vec<_>>().join(" ")
}
