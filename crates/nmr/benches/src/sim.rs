//! The simulator: how long a client takes to come, attach, detach and go, and what others cost it.

use anyhow::Result;
use nmr::abi::Guid;
use nmr_sim::World;

use crate::measurement::{Effort, Measurement};
use crate::paired::{self, Design};
use crate::raw_module::{AtOnce, RawClient, RawProvider, StandingClient};

const UNRELATED: Guid = Guid::from_u128(0x7f1d_8a52_0000);
const OWN: [Guid; 2] = [Guid::from_u128(0x7f1d_8a52_0001), Guid::from_u128(0x7f1d_8a52_0002)];

/// Numbers of unrelated bindings that cycles are measured beside, and the names of those cycles.
pub const CROWDS: [(&str, usize); 3] =
    [("cycle_alone", 0), ("cycle_beside_1024", 32), ("cycle_beside_16384", 128)];

/// A world in which clients come and go, one for each of two NPIs.
#[derive(Debug)]
pub struct Town {
    /// The world.
    pub world: World,
    clients: [RawClient; 2],
    _providers: [RawProvider; 2],
    _unrelated: Crowd,
}

impl Town {
    /// With `side` times `side` bindings of another NPI, which stay.
    pub fn new(side: usize) -> Self {
        let world = World::builder().record(false).build();
        Self {
            clients: OWN.map(|npi| RawClient::new(&world, npi)),
            _providers: OWN.map(|npi| RawProvider::register(&world, npi, None, AtOnce)),
            _unrelated: Crowd::new(&world, side),
            world,
        }
    }

    /// One client of an NPI of its own for each `thread`: registers, is attached to one provider, deregisters, waits.
    pub fn cycles(&self, thread: usize, count: u64) {
        for _ in 0..count {
            self.clients[thread].register().deregister().wait();
        }
    }
}

/// Clients and providers that stay, each attached to all on the other side.
#[derive(Debug)]
struct Crowd {
    _clients: Vec<StandingClient>,
    _providers: Vec<RawProvider>,
}

impl Crowd {
    fn new(world: &World, side: usize) -> Self {
        let providers = (0..side).map(|_| RawProvider::register(world, UNRELATED, None, AtOnce)).collect();
        let clients = (0..side).map(|_| StandingClient::register(world, UNRELATED)).collect();
        Self { _clients: clients, _providers: providers }
    }
}

/// The time of a cycle beside others, and of two threads with an NPI each, as ratios.
///
/// # Errors
/// The machine cannot measure.
pub fn measure(effort: Effort, mut tell: impl FnMut(Measurement)) -> Result<usize> {
    let repetitions = effort.repetitions(5, 31);
    let towns = CROWDS.map(|(name, side)| (name, Town::new(side)));
    let beside: Vec<_> = towns
        .iter()
        .map(|(name, town)| Design::new(name, |thread, count| town.cycles(thread, count)))
        .collect();
    let one = paired::measure(&beside, &[1], repetitions)?;
    let [(alone, town), others @ ..] = &towns;
    for (name, _) in others {
        if let Some(ratio) = one.ratio((name, 1), (alone, 1)) {
            tell(Measurement::new(format!("{name}/flat"), ratio, "x alone"));
        }
    }
    let own = [Design::new("two_npis", |thread, count| town.cycles(thread, count))];
    let two = paired::measure(&own, &[1, 2], repetitions)?;
    if let Some(scaling) = two.scaling("two_npis", 2) {
        tell(Measurement::new("two_npis/scaling", scaling, "x"));
    }
    Ok(one.thrown_away() + two.thrown_away())
}

#[cfg(test)]
mod tests {
    use super::Town;

    #[test]
    fn cycles_leave_nothing_behind_but_the_crowd() {
        let town = Town::new(3);
        town.cycles(0, 5);
        town.cycles(1, 5);
        let left = town.world.left();
        assert_eq!((left.registrations.len(), left.bindings), (2 + 6, 9));
        town.world.assert_clean();
    }
}
