//! What a driver or a contract crate may be called: a name is a folder, a package, a service, a module and a type.

use std::fmt;

use anyhow::Result;
use nmrctl::names::{is_plain_path, is_service_name};

use crate::check::EMPTY_NAMES;
use crate::exit;

/// A name of small words with hyphens between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String);

/// Services of Windows itself and of products that drivers meet.
const RESERVED: [&str; 54] = [
    "acpi",
    "afd",
    "beep",
    "bfe",
    "bowser",
    "cdfs",
    "cdrom",
    "disk",
    "dxgkrnl",
    "ebpfcore",
    "ebpfsvc",
    "exfat",
    "fastfat",
    "fileinfo",
    "fltmgr",
    "fvevol",
    "http",
    "hvsocket",
    "ipsec",
    "ksecdd",
    "mountmgr",
    "mpsdrv",
    "mrxsmb",
    "msfs",
    "msquic",
    "mup",
    "ndis",
    "ndisuio",
    "netadaptercx",
    "netbios",
    "netbt",
    "netebpfext",
    "netio",
    "nmrctl",
    "npfs",
    "nsiproxy",
    "ntfs",
    "ntosebpfext",
    "ntoskrnl",
    "null",
    "partmgr",
    "pci",
    "pktmon",
    "rdbss",
    "srv2",
    "srvnet",
    "storport",
    "tcpip",
    "tdx",
    "udfs",
    "vmswitch",
    "wanarp",
    "wof",
    "xdp",
];

/// Packages that cargo or the compiler keeps for itself.
const OF_THE_LANGUAGE: [&str; 8] =
    ["alloc", "core", "deps", "examples", "incremental", "build", "std", "test"];

/// Types that the text of a driver uses, or that every Rust file knows.
const TYPES: [&str; 30] = [
    "AtPassive",
    "Box",
    "Clone",
    "ClientBinding",
    "Context",
    "Copy",
    "Debug",
    "Default",
    "Drop",
    "Err",
    "Fn",
    "From",
    "Into",
    "Iterator",
    "Kernel",
    "Loaded",
    "None",
    "Offer",
    "Ok",
    "Option",
    "Peer",
    "ProviderBinding",
    "Refusal",
    "Result",
    "Self",
    "Send",
    "Some",
    "String",
    "Sync",
    "World",
];

/// Modules that a contract cannot be: what its users call by the same name, and the fields that every driver has.
const MODULES: [&str; 13] = [
    "alloc",
    "client",
    "coordinator",
    "core",
    "grace_periods",
    "new",
    "nmr",
    "nmr_sim",
    "nmr_wdk",
    "state",
    "std",
    "system",
    "threads",
];

impl Name {
    /// The name of a driver.
    pub(super) fn of_driver(text: &str) -> Result<Self> {
        let name = Self::parse(text)?;
        if RESERVED.contains(&text) || !is_plain_path(text) {
            return refuse(text, "Windows has a service or a device of that name", "choose another");
        }
        if text.ends_with("-npi") {
            return refuse(text, "contract crates end so, not drivers", "leave -npi out");
        }
        if TYPES.contains(&name.pascal().as_str()) {
            let what = format!("the driver's type would be {}, which is taken", name.pascal());
            return refuse(text, &what, "add a second word");
        }
        Ok(name)
    }

    /// The name of a contract crate.
    pub(super) fn of_contract(text: &str) -> Result<Self> {
        let name = Self::parse(text)?;
        let Some(stem) = text.strip_suffix("-npi") else {
            return refuse(text, "a contract crate ends in -npi", &format!("write {text}-npi"));
        };
        let module = Self::parse(stem)?.snake();
        if MODULES.contains(&module.as_str()) {
            return refuse(text, &format!("the module would be {module}, which is taken"), "choose another");
        }
        Ok(name)
    }

    fn parse(text: &str) -> Result<Self> {
        let word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !text.split('-').all(word) || !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            let form = "write small letters and digits, a letter first, with single hyphens between words";
            return refuse(text, "it is not of the form my-driver", form);
        }
        if !is_service_name(text) {
            return refuse(text, "a service name has at most 64 characters", "choose a shorter one");
        }
        let name = Self(text.to_owned());
        if syn::parse_str::<syn::Ident>(&name.snake()).is_err() || text == "gen" {
            return refuse(text, "it is a word of Rust's own", "add a second word");
        }
        if OF_THE_LANGUAGE.contains(&text) {
            return refuse(text, "cargo or the compiler has something of that name", "choose another");
        }
        if let Some(empty) = text.split('-').find(|word| EMPTY_NAMES.contains(word)) {
            return refuse(text, &format!("{empty} says nothing"), "name it after what it does");
        }
        Ok(name)
    }

    /// As a package, a folder and a service.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As a crate or a module.
    pub(super) fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As a type.
    pub(super) fn pascal(&self) -> String {
        pascal(&self.0)
    }

    /// The module of a contract crate, and its name in words.
    pub(super) fn stem(&self) -> &str {
        self.0.strip_suffix("-npi").unwrap_or(&self.0)
    }
}

/// `words` with hyphens or underscores between them, as the name of a type.
pub(super) fn pascal(words: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    words.split(['-', '_']).map(word).collect()
}

fn refuse<T>(text: &str, why: &str, remedy: &str) -> Result<T> {
    Err(exit::usage(format!("{text:?} cannot be a name here: {why}; {remedy}")))
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::{Reason, reason_of};

    fn refusal(result: Result<Name>) -> String {
        let error = result.expect_err("refused");
        assert_eq!(reason_of(&error), Reason::Usage);
        error.to_string()
    }

    #[test]
    fn a_name_has_four_forms() {
        let name = Name::of_driver("packet-gauge2").unwrap();
        assert_eq!(
            (name.as_str(), name.snake(), name.pascal()),
            ("packet-gauge2", "packet_gauge2".into(), "PacketGauge2".into())
        );
        assert_eq!(Name::of_contract("gauge-npi").unwrap().stem(), "gauge");
    }

    #[test]
    fn what_is_no_name_is_refused_and_says_why() {
        for (text, why) in [
            ("", "form"),
            ("Gauge", "form"),
            ("my_gauge", "form"),
            ("my--gauge", "form"),
            ("-gauge", "form"),
            ("gauge-", "form"),
            ("2gauge", "form"),
            ("../gauge", "form"),
            ("gäuge", "form"),
            ("async", "Rust"),
            ("gen", "Rust"),
            ("self", "Rust"),
            ("core", "cargo"),
            ("tcpip", "Windows"),
            ("nul", "Windows"),
            ("lpt9", "Windows"),
            ("my-utils", "says nothing"),
            ("gauge-npi", "contract crates"),
            ("result", "taken"),
            ("at-passive", "taken"),
        ] {
            let message = refusal(Name::of_driver(text));
            assert!(message.contains(why), "{text}: {message}");
        }
        assert!(Name::of_driver(&"a".repeat(64)).is_ok());
        assert!(refusal(Name::of_driver(&"a".repeat(65))).contains("64"));
    }

    #[test]
    fn a_contract_is_a_module_too() {
        for (text, why) in
            [("gauge", "write gauge-npi"), ("type-npi", "Rust"), ("state-npi", "taken"), ("-npi", "form")]
        {
            let message = refusal(Name::of_contract(text));
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}
