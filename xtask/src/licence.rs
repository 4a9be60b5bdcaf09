//! Licences of packages as their manifests have them (SPDX expressions), and the rule which of them may be used: the
//! `[licenses]` of deny.toml, which cargo-deny reads too.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

/// The rule's file, in the root of the workspace.
pub(crate) const FILE: &str = "deny.toml";

/// Manifests of former days have `/` where SPDX has `OR`. Nothing else is taken for what it is not.
const MODE: ParseMode = ParseMode { allow_slash_as_or_operator: true, ..ParseMode::STRICT };

/// The licence of a manifest in the spelling of SPDX.
pub(crate) fn spelled(licence: &str) -> String {
    let words = licence.replace('/', " OR ");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Which licences may be used.
#[derive(Debug)]
pub(crate) struct Rule {
    allowed: Vec<Licensee>,
    exceptions: Vec<Exception>,
}

/// What one package may have beside what all may.
#[derive(Debug)]
struct Exception {
    package: String,
    allowed: Vec<Licensee>,
}

#[derive(Deserialize)]
struct Document {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<WrittenException>,
}

#[derive(Deserialize)]
struct WrittenException {
    #[serde(rename = "crate")]
    package: String,
    allow: Vec<String>,
}

impl Rule {
    /// The rule of `workspace`.
    pub(crate) fn read(workspace: &Path) -> Result<Self> {
        let path = workspace.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Self::parse(&text)
            .with_context(|| format!("{} does not say which licences may be used", path.display()))
    }

    /// The rule in the text of a deny.toml.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let Document { licenses } = toml::from_str(text)?;
        let read = |names: &[String]| -> Result<Vec<Licensee>> {
            let licensee = |name: &String| Licensee::parse(name).map_err(|error| anyhow!("{name}: {error}"));
            names.iter().map(licensee).collect()
        };
        let exception = |written: &WrittenException| {
            Ok(Exception { package: written.package.clone(), allowed: read(&written.allow)? })
        };
        let exceptions = licenses.exceptions.iter().map(exception).collect::<Result<_>>()?;
        Ok(Self { allowed: read(&licenses.allow)?, exceptions })
    }

    /// Whether `package` may be used under `licence`; if not, why.
    pub(crate) fn judge(&self, package: &str, licence: Option<&str>) -> Result<(), String> {
        let licence = licence.ok_or("its manifest names no licence")?;
        let expression = Expression::parse_mode(licence, MODE)
            .map_err(|error| format!("its licence is no SPDX expression: {licence:?} ({})", error.reason))?;
        let own = self.exceptions.iter().filter(|exception| exception.package == package);
        let allowed: Vec<&Licensee> =
            self.allowed.iter().chain(own.flat_map(|exception| &exception.allowed)).collect();
        let is_allowed =
            |wanted: &spdx::LicenseReq| allowed.iter().any(|licensee| licensee.satisfies(wanted));
        match expression.evaluate_with_failures(is_allowed) {
            Ok(()) => Ok(()),
            Err(refused) => {
                let refused: BTreeSet<String> =
                    refused.iter().map(|refused| refused.req.to_string()).collect();
                let refused = refused.into_iter().collect::<Vec<_>>().join(", ");
                Err(format!("its licence is {}, and {refused} is not allowed", spelled(licence)))
            }
        }
    }

    /// What the rule allows to all, and to some, and none of `packages` (name and licence) has.
    pub(crate) fn unused(&self, packages: &[(&str, &str)]) -> Vec<String> {
        let names = |licensee: &Licensee, licence: &str| {
            Expression::parse_mode(licence, MODE).is_ok_and(|expression| {
                expression.requirements().any(|wanted| licensee.satisfies(&wanted.req))
            })
        };
        let unused = self
            .allowed
            .iter()
            .filter(|licensee| !packages.iter().any(|(_, licence)| names(licensee, licence)))
            .map(ToString::to_string);
        let for_nobody = self.exceptions.iter().flat_map(|exception| {
            let of_it = |name: &str| name == exception.package;
            exception
                .allowed
                .iter()
                .filter(move |licensee| {
                    !packages.iter().any(|(name, licence)| of_it(name) && names(licensee, licence))
                })
                .map(|licensee| format!("{licensee} of {}", exception.package))
        });
        unused.chain(for_nobody).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "[licenses]\nallow = [\"Apache-2.0\", \"ISC\", \"MIT\"]\n\
        exceptions = [{ crate = \"unicode-ident\", allow = [\"Unicode-3.0\"] }]\n";

    fn why(package: &str, licence: Option<&str>) -> String {
        Rule::parse(RULE).unwrap().judge(package, licence).expect_err("refused")
    }

    #[test]
    fn one_way_to_fulfil_a_licence_is_enough() {
        let rule = Rule::parse(RULE).unwrap();
        for licence in
            ["MIT", "GPL-3.0-only OR MIT", "Unlicense/MIT", "Apache-2.0 / MIT", "ISC AND (MIT OR Zlib)"]
        {
            assert_eq!(rule.judge("a", Some(licence)), Ok(()), "{licence}");
        }
    }

    #[test]
    fn what_is_not_allowed_is_named() {
        assert_eq!(
            why("a", Some("MIT AND GPL-3.0-only")),
            "its licence is MIT AND GPL-3.0-only, and GPL-3.0-only is not allowed"
        );
        assert!(why("a", Some("MIT AND MPL-2.0")).contains("MPL-2.0 is not"));
        assert!(why("a", Some("Apache-2.0 WITH LLVM-exception")).contains("LLVM-exception is not"));
        assert!(why("a", Some("Do as you like")).contains("no SPDX expression"));
        assert_eq!(why("a", None), "its manifest names no licence");
    }

    #[test]
    fn an_exception_is_for_one_package() {
        let licence = "(MIT OR Apache-2.0) AND Unicode-3.0";
        assert_eq!(Rule::parse(RULE).unwrap().judge("unicode-ident", Some(licence)), Ok(()));
        assert!(why("other", Some(licence)).contains("Unicode-3.0 is not allowed"));
    }

    #[test]
    fn what_nobody_has_is_found() {
        let rule = Rule::parse(RULE).unwrap();
        let found = rule.unused(&[("a", "MIT OR Apache-2.0"), ("b", "Unicode-3.0")]);
        assert_eq!(found, ["ISC", "Unicode-3.0 of unicode-ident"]);
    }

    #[test]
    fn a_rule_that_cannot_be_read_allows_nothing() {
        for text in ["", "[licenses]", "[licenses]\nallow = [\"Mit?\"]", "not toml"] {
            assert!(Rule::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn former_spellings_are_mended() {
        assert_eq!(spelled("MIT/Apache-2.0"), "MIT OR Apache-2.0");
        assert_eq!(spelled("Apache-2.0 / MIT"), "Apache-2.0 OR MIT");
    }
}
