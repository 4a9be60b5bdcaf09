//! What the macros write, as recorded: `NMR_MACROS_RECORD=1 cargo test -p nmr-macros` takes differences over. Read them: the
//! drivers forbid unsafe code, and this is where theirs is.

use proc_macro2::TokenStream;
use quote::quote;
use std::path::Path;

/// The code as it is read, if it is Rust.
fn pretty(expansion: &TokenStream) -> String {
    let file = syn::parse2(expansion.clone()).unwrap_or_else(|error| panic!("{error}: {expansion}"));
    prettyplease::unparse(&file)
}

#[track_caller]
fn assert_recorded(name: &str, expansion: &TokenStream) {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/expansions/recorded").join(name);
    let text = pretty(expansion);
    if std::env::var_os("NMR_MACROS_RECORD").is_some() {
        std::fs::write(&recorded, &text).expect("the folder is there");
    }
    let before = std::fs::read_to_string(&recorded).unwrap_or_default();
    assert!(text == before, "{name} differs; if that is meant, NMR_MACROS_RECORD=1 takes it over:\n{text}");
}

#[test]
fn a_small_contract() {
    let expansion = crate::npi::expand(
        quote!(id = "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c11", version = 1),
        quote! {
            /// Adds numbers.
            pub mod adder {
                pub trait Provider {
                    /// The sum.
                    fn add(&self, a: u32, b: u32) -> nmr::Result<u32>;
                }
            }
        },
    );
    assert_recorded("small_contract.txt", &expansion);
}

#[test]
fn a_contract_with_everything() {
    let expansion = crate::npi::expand(
        quote!(id = "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c11", version = 2, oldest = 1),
        quote! {
            pub mod store {
                #[plain]
                pub struct Entry {
                    pub key: u64,
                    pub kind: u32,
                }
                #[header(revision_size, version = 1)]
                pub struct ProviderCharacteristics {
                    pub room: u32,
                    name: *const u8,
                }
                pub trait Provider {
                    fn write(&self, at: &nmr::AtPassive<'_>, data: &[u8]) -> nmr::Result<usize>;
                    #[since(version = 2)]
                    fn look_up(&self, entry: &mut Entry) -> nmr::Result<()>;
                }
                #[header(version_count)]
                pub trait Client {
                    #[optional]
                    fn changed(&self, at: &nmr::AtDispatch<'_>, key: u64) -> nmr::Result<()>;
                    #[no_context]
                    unsafe fn begin(&self, state: *mut u8) -> i32;
                }
            }
        },
    );
    assert_recorded("contract_with_everything.txt", &expansion);
}

#[test]
fn a_small_driver() {
    let expansion = crate::driver::expand(quote! {
        /// Relays.
        pub driver Relay {
            module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c12",
            client echo: echo::Npi as EchoProvider { capacity: 4 },
        }
    });
    assert_recorded("small_driver.txt", &expansion);
}

#[test]
fn a_driver_with_everything() {
    let expansion = crate::driver::expand(quote! {
        pub driver Relay {
            module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c12",
            state: Counters = Counters::new(),
            threads: 2,
            start: Relay::start,
            stop: Relay::stop,
            on_failure: park,
            control_device: true,
            log_level: trace,
            entry: wdm,
            client echo: echo::Npi as EchoProvider { capacity: 4, policy: first_of, shards: 16, calls_at_dispatch: allow },
            provider relay: relay::Npi as RelayClient { capacity: 8, needs: [echo], self_binding: accept, number: 3 },
            provider hook: hook::Npi as Hooked {
                capacity: 1,
                instances: 2,
                activate: later,
                characteristics: hook::ProviderCharacteristics { kind: 1 },
            },
        }
    });
    assert_recorded("driver_with_everything.txt", &expansion);
}

/// Editors complete inside what is written; it must be there, wrong or not.
#[test]
fn a_wrong_contract_keeps_its_items() {
    let expansion = crate::npi::expand(
        quote!(id = "adder"),
        quote! {
            /// Adds numbers.
            pub mod adder {
                use core::ffi::c_void;
                #[header(strange)]
                pub trait Provider {
                    #[since(version = 9)]
                    fn add(&mut self, a: u32) -> Option<u32>;
                    fn other(&self) -> u32 {
                        self.unfinished.
                    }
                }
                pub struct ProviderCharacteristics { pub speed: bool }
            }
        },
    )
    .to_string();
    // A body that does not parse: the tokens come back as they are.
    assert!(expansion.contains("compile_error"), "{expansion}");
    for item in [
        "use core :: ffi :: c_void",
        "pub trait Provider",
        "fn add",
        "self . unfinished .",
        "pub speed : bool",
    ] {
        assert!(expansion.contains(item), "{item} is lost: {expansion}");
    }
}

#[test]
fn a_contract_that_parses_and_is_wrong_is_left_to_the_compiler_without_our_attributes() {
    let expansion = crate::npi::expand(
        quote!(id = "adder", version = 1),
        quote! {
            pub mod adder {
                #[header(strange)]
                pub trait Provider {
                    #[optional]
                    fn add(&mut self, a: u32) -> u32;
                }
                #[plain]
                pub struct Entry { pub key: u64 }
            }
        },
    );
    let text = pretty(&expansion);
    assert!(text.contains("compile_error") && text.contains("fn add(&mut self, a: u32) -> u32;"), "{text}");
    assert!(text.contains("pub key: u64"), "{text}");
    for ours in ["#[header", "#[optional", "#[plain"] {
        assert!(!text.contains(ours), "the compiler does not know {ours}]: {text}");
    }
}

#[test]
fn a_wrong_declaration_keeps_what_is_right() {
    let expansion = crate::driver::expand(quote! {
        /// Relays.
        pub driver Relay {
            module_id: 7,
            state: Counters = Counters::new(),
            start: Relay::start,
            threads: many,
            client echo: echo::Npi as EchoProvider { capacity: 0, speed: 9 },
            server other: other::Npi as Other { capacity: 1 },
        }
    });
    let text = pretty(&expansion);
    for kept in [
        "compile_error",
        "pub struct Relay",
        "Counters::new()",
        "Relay::start(self, at)",
        "pub echo: ::nmr::ClientRegistration<EchoProvider, 1>",
        "ClientBinding<Npi = echo::Npi, Driver = Relay>",
    ] {
        assert!(text.contains(kept), "{kept} is lost: {text}");
    }
    assert!(!text.contains("driver_entry"), "it is no driver yet: {text}");
}
