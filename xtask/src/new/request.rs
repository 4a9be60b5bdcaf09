//! What was asked for, checked: a driver's name, its identifiers, and its NPIs.

use anyhow::{Result, anyhow};
use nmr_abi::Guid;

use super::Args;
use super::contract_text;
use super::contracts::{Contract, Contracts, Duties, Meant, in_crate};
use super::field;
use super::name::Name;
use crate::exit;

/// A driver that is to be.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) name: Name,
    pub(super) module_id: Identifier,
    /// The module id of the other side in the driver's test.
    pub(super) peer_module_id: Identifier,
    pub(super) npis: Vec<Line>,
}

/// One registration.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) role: Role,
    pub(super) contract: Contract,
    /// The contract crate that is to be, if it is not there yet.
    pub(super) new: Option<NewContract>,
}

/// A contract crate that is to be.
#[derive(Debug)]
pub(super) struct NewContract {
    pub(super) name: Name,
    pub(super) text: String,
}

/// Which side of an NPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Client,
    Provider,
}

impl Role {
    /// As in `driver!`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Provider => "provider",
        }
    }

    /// As a trait of the contract, and the beginning of others.
    pub(super) const fn side(self) -> &'static str {
        match self {
            Self::Client => "Client",
            Self::Provider => "Provider",
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Client => Self::Provider,
            Self::Provider => Self::Client,
        }
    }
}

impl Contract {
    /// What a module of this role has to write.
    pub(super) const fn duties(&self, role: Role) -> &Duties {
        match role {
            Role::Client => &self.client,
            Role::Provider => &self.provider,
        }
    }
}

/// A GUID as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identifier(pub(super) String);

impl Identifier {
    /// Draws one.
    pub(super) fn draw() -> Result<Self> {
        let mut bytes = [0_u8; 16];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow!("the system gives no random numbers"))?;
        // Version 4, the variant of RFC 4122.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self::parse(&hyphenated(u128::from_be_bytes(bytes)))
    }

    fn parse(text: &str) -> Result<Self> {
        match Guid::parse(text) {
            Ok(_) => Ok(Self(text.to_ascii_lowercase())),
            Err(invalid) => Err(exit::usage(format!("{text}: {invalid}"))),
        }
    }
}

fn hyphenated(digits: u128) -> String {
    let hex = format!("{digits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Where identifiers come from that were not given.
pub(super) type Draw<'a> = dyn Fn() -> Result<Identifier> + 'a;

impl Request {
    /// What `args` ask for, among `contracts`.
    pub(super) fn new(args: &Args, contracts: &Contracts, draw: &Draw<'_>) -> Result<Self> {
        let name = Name::of_driver(args.name.as_deref().unwrap_or_default())?;
        let given = |id: &Option<String>| id.as_deref().map(Identifier::parse);
        let module_id = given(&args.module_id).unwrap_or_else(draw)?;
        let mut ids = Ids::parse(&args.npi_ids)?;
        let clients = args.clients.iter().map(|text| (Role::Client, text));
        let wanted: Vec<_> =
            clients.chain(args.providers.iter().map(|text| (Role::Provider, text))).collect();
        let mut npis: Vec<Line> = Vec::new();
        for (role, text) in &wanted {
            let line = match contracts.find(text)? {
                Meant::There(contract) => Line { role: *role, contract: contract.clone(), new: None },
                Meant::New(name) => Line::with_new_contract(*role, name, &mut ids, draw)?,
            };
            if let Some(obstacle) = &line.contract.duties(*role).obstacle {
                let by_hand = match line.contract.package == field::PACKAGE {
                    true => "",
                    false => "; drivers/composite and drivers/ebpf-extension show how to write one by hand",
                };
                return Err(exit::usage(format!(
                    "no driver that is {} of {text} can be made here: {obstacle}{by_hand}",
                    role.word()
                )));
            }
            if npis.iter().any(|other| other.contract.module == line.contract.module) {
                return Err(exit::usage(format!(
                    "{} is asked for twice: a registration is a field of the driver, named after its NPI",
                    line.contract.module
                )));
            }
            npis.push(line);
        }
        ids.all_used()?;
        Ok(Self { name, module_id, peer_module_id: draw()?, npis })
    }
}

impl Line {
    fn with_new_contract(role: Role, name: Name, ids: &mut Ids, draw: &Draw<'_>) -> Result<Self> {
        let id = ids.take(&name).map_or_else(draw, Ok)?;
        let text = contract_text::root(&name, &id);
        let contract = in_crate(name.as_str(), &text).pop();
        let contract = contract.ok_or_else(|| anyhow!("the new contract {name} is not Rust"))?;
        Ok(Self { role, contract, new: Some(NewContract { name, text }) })
    }
}

/// The identifiers that were given for new contracts.
struct Ids(Vec<(Option<String>, Identifier)>);

impl Ids {
    fn parse(given: &[String]) -> Result<Self> {
        let one = |text: &String| match text.split_once('=') {
            Some((name, id)) => Ok((Some(name.to_owned()), Identifier::parse(id)?)),
            None => Ok((None, Identifier::parse(text)?)),
        };
        given.iter().map(one).collect::<Result<_>>().map(Self)
    }

    /// The one for `name`: the one with its name, else the first without.
    fn take(&mut self, name: &Name) -> Option<Identifier> {
        let named = self.0.iter().position(|(of, _)| of.as_deref() == Some(name.as_str()));
        let at = named.or_else(|| self.0.iter().position(|(of, _)| of.is_none()))?;
        Some(self.0.remove(at).1)
    }

    fn all_used(&self) -> Result<()> {
        let Some((name, Identifier(id))) = self.0.first() else { return Ok(()) };
        let name = name.as_deref().map_or_else(String::new, |name| format!("{name}="));
        Err(exit::usage(format!("--npi-id {name}{id}: no new contract is left for it")))
    }
}
