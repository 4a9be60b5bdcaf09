//! Headers, as recorded and as compilers take them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::exit::{Reason, reason_of};
use crate::process::Program;

const REQUIRE: &str = "NMR_TEST_REQUIRE_TOOLS";
const LIMIT: Duration = Duration::from_secs(60);

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn made(package: &str, root: &str) -> String {
    header(package, &workspace().join(root), None).unwrap().text
}

/// A contract that has one of everything; the framework's own tests call through it.
fn awkward() -> String {
    made("awkward", "crates/nmr/tests/crossing/awkward.rs")
}

/// Whether each compiler takes `source`, which includes the header `contract.h` of `text`; none is left out but clang.
fn compiles(text: &str, source: &str) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("contract.h"), text).unwrap();
    let mut verdicts = Vec::new();
    for (compiler, standard, name) in [
        ("gcc", "-std=c11", "module.c"),
        ("g++", "-std=c++17", "module.cpp"),
        ("clang", "-std=c11", "module.c"),
        ("clang++", "-std=c++17", "module.cpp"),
    ] {
        fs::write(folder.path().join(name), format!("#include \"contract.h\"\n{source}\n")).unwrap();
        let include = workspace().join("crates/nmr-sim/include");
        let log = folder.path().join("log");
        let run = Program::new(compiler, LIMIT)
            .args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-I"])
            .args([include.to_str().unwrap(), name])
            .folder(folder.path())
            .status(&log);
        match run {
            Ok(finished) => {
                let accepted = finished.status.success();
                if !accepted {
                    println!("{compiler}: {}", fs::read_to_string(&log).unwrap_or_default());
                }
                verdicts.push(accepted);
            }
            Err(error) if reason_of(&error) == Reason::Missing => {
                let required = compiler.starts_with('g') && std::env::var_os(REQUIRE).is_some();
                assert!(!required, "{compiler} is not installed, and {REQUIRE}=1 demands it");
                println!("left out: {compiler} is not installed");
            }
            Err(error) => panic!("{error:#}"),
        }
    }
    verdicts
}

#[track_caller]
fn assert_compiles(text: &str, source: &str) {
    assert!(compiles(text, source).into_iter().all(|accepted| accepted), "a compiler refuses it");
}

/// The root modules of all packages that have contracts.
fn contract_crates() -> Vec<(String, PathBuf)> {
    let mut crates = Vec::new();
    for folder in ["drivers", "crates"] {
        for entry in fs::read_dir(workspace().join(folder)).unwrap() {
            let root = entry.unwrap().path().join("src/lib.rs");
            if root.is_file() && !sources::find(&root).unwrap().modules.is_empty() {
                let package = root.ancestors().nth(2).unwrap().file_name().unwrap();
                crates.push((package.to_string_lossy().into_owned(), root));
            }
        }
    }
    crates
}

/// The header asserts sizes and offsets, and the macro asserts the same numbers of Rust's structures.
#[test]
fn every_contract_of_the_repository_compiles_as_c() {
    let crates = contract_crates();
    assert!(crates.iter().any(|(package, _)| package == "echo-npi"));
    for (package, root) in crates {
        let header = header(&package, &root, None).unwrap();
        assert_compiles(&header.text, "");
    }
}

#[test]
fn contracts_in_the_conventions_of_the_field_compile_as_c() {
    let text = made("conventions", "crates/nmr/tests/conventions/contracts.rs");
    assert_compiles(&text, "");
    assert!(text.contains("typedef uint32_t (NTAPI *MONITOR_PROVIDER_REGISTER_FN)"), "{text}");
    assert!(text.contains("MONITOR_PROVIDER_REGISTER_FN register_;"), "a word of C");
    assert!(text.contains("NPI_LAYOUT(sizeof(HOOK_CLIENT_CHARACTERISTICS) == 56);"), "padding at the end");
}

/// A switchboard as a team in C writes it: what the aliases name, structures with addresses of each other, a function
/// by its alias. nmr-npis calls through the same contract.
const SWITCHBOARD: &str = "\
static NTSTATUS NTAPI told(NEW_WATCH *watcher, uint16_t port) {
    const NEW_ROUTES *routes = watcher->routes;
    watcher->place[2] = port;
    return routes->watch == watcher && watcher->next != watcher ? 0 : 1;
}
static uint32_t NTAPI port_open(void *binding, uint16_t port, uint32_t seed) {
    (void)binding; return port + seed;
}
static NTSTATUS NTAPI places(void *binding, const uint16_t *ports, size_t length, uint16_t (*result)[3]) {
    (void)binding; (*result)[0] = ports[length - 1]; return 0;
}
void serve(NEW_PROVIDER_DISPATCH *dispatch, NEW_WATCH *watch);
void serve(NEW_PROVIDER_DISPATCH *dispatch, NEW_WATCH *watch) {
    dispatch->port_open = port_open;
    dispatch->places = places;
    dispatch->redraw = NULL;
    watch->told = told;
}
NPI_LAYOUT(sizeof(NEW_PROVIDER_DISPATCH) > sizeof(OLD_PROVIDER_DISPATCH));";

#[test]
fn a_large_contract_with_aliases_is_served_in_c() {
    let text = made("large", "crates/nmr-npis/tests/large/contracts.rs");
    assert_compiles(&text, SWITCHBOARD);
    assert!(text.contains("NPI_LAYOUT(sizeof(NEW_WATCH) == 40);"), "{text}");
    assert!(text.contains("typedef struct _NEW_ROUTES NEW_ROUTES;"), "{text}");
}

/// A provider of Awkward as a team in C writes it, and a client that calls it.
const MODULE: &str = "\
static NTSTATUS NTAPI write_page(void *binding, uint32_t page, const uint8_t *data, size_t length, size_t *result) {
    (void)binding; (void)page; (void)data; *result = length; return 0;
}
static NTSTATUS NTAPI read_page(void *binding, uint32_t page, uint8_t *buffer, size_t length, size_t *result) {
    (void)binding; (void)page; (void)buffer; *result = length; return 0;
}
static NTSTATUS NTAPI put(void *binding, const AWKWARD_ENTRY *entry) {
    (void)binding; return entry->kind == AWKWARD_KIND_LINK ? 0 : 1;
}
static NTSTATUS NTAPI look_up(void *binding, AWKWARD_ENTRY *entry, AWKWARD_BOOLEAN *result) {
    (void)binding; entry->tags[2] = 1; *result = 1; return 0;
}
static NTSTATUS NTAPI first(void *binding, AWKWARD_ENTRY *result) {
    (void)binding; result->key = 1; return 0;
}
static NTSTATUS NTAPI sum(void *binding, const AWKWARD_ENTRY *entries, size_t length, uint64_t *result) {
    (void)binding; *result = length ? entries[0].key : 0; return 0;
}
static NTSTATUS NTAPI status(void *binding, GUID site, NTSTATUS *result) {
    (void)binding; (void)site; *result = 0; return 0;
}
const AWKWARD_PROVIDER_DISPATCH *table(void);
const AWKWARD_PROVIDER_DISPATCH *table(void) {
    static const AWKWARD_PROVIDER_DISPATCH dispatch = {
        AWKWARD_NPI_VERSION, sizeof(AWKWARD_PROVIDER_DISPATCH), write_page, read_page, put, look_up, first, NULL, sum, status
    };
    return &dispatch;
}
void tell(const AWKWARD_CLIENT_DISPATCH *client, void *context);
void tell(const AWKWARD_CLIENT_DISPATCH *client, void *context) {
    client->passed(context, 1);
    if (client->rename) client->rename(context, NULL, 0);
}
AWKWARD_PROVIDER_CHARACTERISTICS shown(void);
AWKWARD_PROVIDER_CHARACTERISTICS shown(void) {
    AWKWARD_PROVIDER_CHARACTERISTICS shown = { 1, sizeof(AWKWARD_PROVIDER_CHARACTERISTICS), AWKWARD_NPI_ID, 4, { 1, 2, 3, 4 } };
    return shown;
}";

#[test]
fn an_awkward_contract_is_served_and_called_in_c() {
    assert_compiles(&awkward(), MODULE);
}

/// A function or field may be called like one of the header, or like a word of C++; a number may need all of its 64 bits.
#[test]
fn names_and_numbers_that_c_has_taken_compile() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lib.rs");
    let contract =
        "#[nmr::npi(id = \"0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d60\", version = 1)]\npub mod r#type {\n
        pub const EVERYTHING: u64 = 18446744073709551615;
        #[plain] pub struct Handle(pub u64);
        pub struct ProviderCharacteristics { pub version: u32, pub size: u8, pub r#in: u8 }
        pub trait Provider {
            fn version(&self) -> u32;
            fn size(&self, decltype: u32, static_cast: Handle) -> u32;
            fn r#type(&self, r#in: &[u8], r#fn: &mut [Handle]) -> nmr::Result<[u8; 4]>;
        }
        #[header(version_size_total)]
        pub trait Client { fn total_size(&self, char16_t: u32); fn count(&self); }
    }";
    fs::write(&root, contract).unwrap();
    let text = header("some-npi", &root, None).unwrap().text;
    assert_compiles(
        &text,
        "uint64_t everything(void);\nuint64_t everything(void) { return TYPE_EVERYTHING; }",
    );
    assert!(text.contains("const uint8_t *in_, size_t in_length"), "{text}");
}

#[test]
fn two_contracts_that_are_one_in_c_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lib.rs");
    let contract = |module: &str, name: &str| {
        format!(
            "{module} {{ #[nmr::npi(id = \"0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d60\", version = 1)] pub mod {name} {{ pub trait \
             Provider {{ fn f(&self); }} }} }}\n"
        )
    };
    fs::write(&root, contract("pub mod v1", "adder") + &contract("pub mod v2", "Adder")).unwrap();
    let refused = header("some-npi", &root, None).unwrap_err().to_string();
    assert!(refused.contains("lib.rs:2: another contract of the crate is ADDER in C too"), "{refused}");
    fs::write(&root, contract("pub mod v1", "adder") + &contract("#[cfg(test)] mod tests", "adder")).unwrap();
    assert_eq!(header("some-npi", &root, None).unwrap().contracts, ["adder"], "tests are for nobody else");
}

#[test]
fn a_layout_that_is_wrong_does_not_compile() {
    let text = awkward();
    let right = "NPI_LAYOUT(sizeof(AWKWARD_PROVIDER_DISPATCH) == 72);";
    assert!(text.contains(right));
    let wrong = text.replace(right, "NPI_LAYOUT(sizeof(AWKWARD_PROVIDER_DISPATCH) == 80);");
    assert!(!compiles(&wrong, "").into_iter().any(|accepted| accepted));
}

#[test]
fn the_header_is_as_recorded() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/header/recorded-awkward.h");
    let text = awkward();
    if std::env::var_os("NMR_HEADER_RECORD").is_some() {
        fs::write(&recorded, &text).unwrap();
    }
    let before = fs::read_to_string(&recorded).unwrap();
    assert_eq!(text, before, "if the difference is meant, NMR_HEADER_RECORD=1 takes it over");
}

#[test]
fn what_cannot_be_is_told_with_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lib.rs");
    let refused = |text: &str| {
        fs::write(&root, text).unwrap();
        header("some-npi", &root, None).unwrap_err().to_string()
    };
    assert!(refused("pub mod nothing {}").contains("has no contract"));
    assert!(refused("pub mod {").contains("lib.rs:1: "));
    let id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d60";
    let wrong =
        refused("#[nmr::npi(version = 1)]\npub mod some {\n pub trait Provider {\n fn add(a: u32);\n }\n}");
    assert!(
        wrong.contains("no identifier") && wrong.contains("lib.rs:4: the first argument is `&self`"),
        "{wrong}"
    );
    let strange = refused(&format!(
        "#[nmr::npi(id = \"{id}\", version = 1)]\npub mod some {{\n pub trait Provider {{\n fn add(&self, a: Stranger);\n }}\n}}"
    ));
    assert!(strange.contains("lib.rs:4: `Stranger` is no type of the contract"), "{strange}");
    let within = |items: &str| {
        refused(&format!(
            "#[nmr::npi(id = \"{id}\", version = 1)]\npub mod some {{\n{items}\npub trait Provider {{ fn f(&self, a: Some); }} }}"
        ))
    };
    for (items, told) in [
        ("pub type Some = [u8; 4];", "lib.rs:4: C passes an array as an address"),
        ("pub type Some = Other; pub type Other = Some;", "lib.rs:3: `Some` holds itself"),
        ("#[plain] pub struct Some { pub inner: Some }", "lib.rs:3: `Some` holds itself"),
        ("pub type Some<T> = T;", "lib.rs:4: `Some` is no type of the contract"),
        ("#[cfg(windows)] pub type Some = u8;", "lib.rs:3: both drivers build the same contract"),
        ("use super::Some; pub mod inner { pub type Some = u8; }", "as `pub type Some = u32;`"),
    ] {
        let refused = within(items);
        assert!(refused.contains(told), "{items}: {refused}");
    }
}

#[test]
fn contracts_are_found_in_files_of_modules() {
    let folder = tempfile::tempdir().unwrap();
    let contract = |name: &str| {
        format!(
            "#[nmr::npi(id = \"0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d60\", version = 1)]\npub mod {name} {{\n pub trait Provider \
             {{\n fn f(&self);\n }}\n}}\n"
        )
    };
    fs::write(folder.path().join("lib.rs"), format!("pub mod one;\npub mod two;\n{}", contract("third")))
        .unwrap();
    fs::write(folder.path().join("one.rs"), contract("first")).unwrap();
    fs::create_dir(folder.path().join("two")).unwrap();
    fs::write(folder.path().join("two/mod.rs"), contract("second")).unwrap();
    let header = header("some-npi", &folder.path().join("lib.rs"), None).unwrap();
    assert_eq!(header.contracts, ["first", "second", "third"]);
}

#[test]
fn only_packages_of_the_workspace_have_headers() {
    assert!(root_of("echo-npi", workspace()).unwrap().ends_with("drivers/echo-npi/src/lib.rs"));
    for package in ["no-npi", "../drivers/echo-npi", ""] {
        assert_eq!(reason_of(&root_of(package, workspace()).unwrap_err()), Reason::Usage, "{package}");
    }
}

#[test]
fn a_private_build_has_private_identifiers() {
    let root = workspace().join("drivers/echo-npi/src/lib.rs");
    let text = header("echo-npi", &root, Some("mine")).unwrap().text;
    let id = nmr_abi::Guid::parse("c1b6a3b2-5d0f-4c39-9a77-3b1f0e6d2a41").unwrap().with_suffix("mine");
    assert!(text.contains(&format!("NPI {{{id}}}, private to builds with NMR_PRIVATE_NPI=mine.")), "{text}");
    assert!(text.contains(&format!("ECHO_NPI_ID = {{ 0x{:08x}", id.data1)));
}
