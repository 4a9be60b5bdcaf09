//! Who told whom what: events as a sequence diagram, which [`text`](super::text) and [`mermaid`](super::mermaid) draw.

use super::{Event, What};
use crate::side::Side;
use std::collections::BTreeMap;

/// A sequence diagram: the NMR between clients and providers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Diagram {
    /// From left to right.
    pub(super) participants: Vec<Participant>,
    pub(super) rows: Vec<Row>,
}

/// Who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Participant {
    /// `None` is the NMR.
    pub(super) registration: Option<(Side, u64)>,
    /// Who that is.
    pub(super) described: String,
}

impl Participant {
    pub(super) fn name(&self) -> String {
        self.registration.map_or_else(|| "NMR".to_owned(), |(side, number)| format!("{side} {number}"))
    }
}

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) sequence: u64,
    pub(super) text: String,
    /// The places of two participants; without, it is a remark of the NMR.
    pub(super) arrow: Option<(usize, usize)>,
}

impl Diagram {
    /// The diagram of `events`.
    pub(crate) fn of(events: &[Event]) -> Self {
        let participants = participants(events);
        let place = |who: Option<(Side, u64)>| participants.iter().position(|one| one.registration == who);
        let mut halves = BTreeMap::new();
        for event in events {
            if let What::Offered { binding, client, provider, .. } = event.what {
                halves.insert((binding, Side::Client), client);
                halves.insert((binding, Side::Provider), provider);
            }
        }
        let rows = events.iter().map(|event| {
            let Told { from_module, who, text } = told(&event.what, &halves);
            let arrow = who.and_then(|who| Some((place(Some(who))?, place(None)?)));
            let arrow = arrow.map(|(module, nmr)| if from_module { (module, nmr) } else { (nmr, module) });
            Row { sequence: event.sequence, text, arrow }
        });
        let rows = rows.collect();
        Self { participants, rows }
    }
}

/// Clients, the NMR, providers.
fn participants(events: &[Event]) -> Vec<Participant> {
    let of = |wanted: Side| {
        events.iter().filter_map(move |event| match &event.what {
            What::Registered { side, registration, npi, module, number } if *side == wanted => {
                let module = module.map_or_else(|| "no module id".to_owned(), |id| format!("module {id}"));
                let described = format!("{module}, number {number}, NPI {npi}");
                Some(Participant { registration: Some((*side, *registration)), described })
            }
            _ => None,
        })
    };
    let nmr = Participant { registration: None, described: String::new() };
    of(Side::Client).chain([nmr]).chain(of(Side::Provider)).collect()
}

/// What an event tells: a module the NMR, or the NMR a module, or nobody.
struct Told {
    from_module: bool,
    who: Option<(Side, u64)>,
    text: String,
}

fn told(what: &What, halves: &BTreeMap<(u64, Side), u64>) -> Told {
    let half = |binding: u64, side: Side| halves.get(&(binding, side)).map(|number| (side, *number));
    let module = |who, text| Told { from_module: true, who, text };
    let nmr = |who, text| Told { from_module: false, who, text };
    match what {
        What::Registered { side, registration, .. } => {
            module(Some((*side, *registration)), "register".into())
        }
        What::RegisterFailed { side, status } => nmr(None, format!("a {side} cannot register: {status}")),
        What::Offered { binding, client, provider, .. } => {
            nmr(Some((Side::Client, *client)), format!("attach provider {provider} (binding {binding})?"))
        }
        What::Attached { binding, client, status, .. } => {
            module(Some((Side::Client, *client)), format!("binding {binding} attached: {status}"))
        }
        What::Refused { binding, client, status, .. } => {
            module(Some((Side::Client, *client)), format!("binding {binding} refused: {status}"))
        }
        What::Deregister { side, registration, .. } => {
            module(Some((*side, *registration)), "deregister".into())
        }
        What::DetachCalled { side, binding, .. } => {
            nmr(half(*binding, *side), format!("detach binding {binding}"))
        }
        What::DetachReturned { side, binding, status, .. } => {
            module(half(*binding, *side), format!("binding {binding}: {status}"))
        }
        What::Completed { side, binding, .. } => {
            module(half(*binding, *side), format!("binding {binding} completed"))
        }
        What::Cleanup { side, binding, .. } => {
            nmr(half(*binding, *side), format!("clean binding {binding} up"))
        }
        What::Ended { binding, .. } => nmr(None, format!("binding {binding} is gone")),
        What::Closed { side, registration, .. } => nmr(Some((*side, *registration)), "gone at once".into()),
        What::Waiting { side, registration, .. } => module(Some((*side, *registration)), "wait".into()),
        What::Waited { side, registration, .. } => nmr(Some((*side, *registration)), "gone".into()),
        What::Violated(violation) => nmr(None, format!("BROKEN {}: {}", violation.rule, violation.by)),
    }
}
