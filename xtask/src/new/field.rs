//! NPIs of products, whose contracts are in `nmr-npis`: which of them a new driver can begin with, and how.

use super::contracts::{Contract, Duties};

/// The package that has them.
pub(super) const PACKAGE: &str = "nmr-npis";

/// How a driver decides about a peer of one of these NPIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// The type of what the peer shows, if it shows something.
    pub(super) shown: Option<&'static str>,
    /// What is done with `peer`, the offer.
    pub(super) statement: &'static str,
}

struct Product {
    module: &'static str,
    decision: Decision,
    /// Why no driver can be its provider.
    provided: &'static str,
}

const PRODUCTS: [Product; 2] = [
    Product {
        module: "msquic",
        decision: Decision {
            shown: None,
            statement: "if peer.module_id() != Some(msquic::PROVIDER) {\n            return \
                        Err(Refusal::because(\"not msquic.sys\"));\n        }",
        },
        provided: "msquic.sys is its provider",
    },
    Product {
        module: "wsk",
        decision: Decision {
            shown: Some("wsk::ProviderCharacteristics"),
            statement: "peer.characteristics()?.require(wsk::VERSION)?;",
        },
        provided: "Windows is its provider",
    },
];

/// The contracts of products that a new driver can be a client of.
pub(super) fn contracts() -> impl Iterator<Item = Contract> {
    PRODUCTS.iter().map(|product| Contract {
        package: PACKAGE.to_owned(),
        module: product.module.to_owned(),
        provider: Duties { obstacle: Some(product.provided.to_owned()), ..Duties::default() },
        client: Duties::default(),
        decision: Some(product.decision),
    })
}
