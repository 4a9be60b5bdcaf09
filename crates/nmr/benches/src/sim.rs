//! The simulator: how long modules take to come, attach, detach and go, and what others cost them.

mod bare_module;

use anyhow::Result;
use nmr::abi::Guid;
use nmr_sim::World;

use crate::measurement::{Effort, Measurement};
use crate::paired::{self, Design};
use bare_module::{BareClient, BareProvider};

/// Modules on the side of a crowd of one's own.
const MANY: usize = 64;

/// Numbers of unrelated bindings that cycles are measured beside, as the length of the square's side, and the names of
/// those cycles. The first one is alone.
const CROWDS: [(&str, usize); 4] =
    [("cycle_alone", 0), ("cycle_beside_1024", 32), ("cycle_beside_4096", 64), ("cycle_beside_16384", 128)];

/// What is measured. Each thread has modules and an NPI of its own in a world that all share.
#[derive(Debug)]
pub struct Work {
    /// What it is called.
    pub name: &'static str,
    /// How many bindings come and go in one; 1 where there is none, so that it is a time of the whole.
    pub bindings: usize,
    world: World,
    threads: [Troupe; 2],
    _unrelated: Crowd,
}

/// What one thread works with.
#[derive(Debug)]
struct Troupe {
    clients: Vec<BareClient>,
    /// Those that come and go as well, before the clients come and after they have gone.
    providers: Vec<BareProvider>,
    _standing: Vec<Standing>,
}

impl Work {
    /// Everything that is measured.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::new("pair", 0, [1, 0, 0])];
        all.extend(CROWDS.map(|(name, side)| Self::new(name, side, [1, 0, 1])));
        all.push(Self::new("one_by_64", 0, [1, 0, MANY]));
        all.push(Self::new("64_by_64", 0, [MANY, MANY, 0]));
        all
    }

    /// With `side` times `side` bindings of another NPI, and for each thread so many clients and providers that come and
    /// go, and providers that stay.
    fn new(name: &'static str, side: usize, [clients, providers, standing]: [usize; 3]) -> Self {
        let world = World::builder().record(false).build();
        let troupe = |thread: u128| {
            let npi = Guid::from_u128(0x7f1d_8a52_0001 + thread);
            Troupe {
                clients: (0..clients).map(|_| BareClient::new(&world, npi)).collect(),
                providers: (0..providers).map(|_| BareProvider::new(&world, npi)).collect(),
                _standing: (0..standing).map(|_| Standing::provider(&world, npi)).collect(),
            }
        };
        let bindings = (clients * (providers + standing)).max(1);
        let (threads, unrelated) = ([troupe(0), troupe(1)], Crowd::new(&world, side));
        Self { name, bindings, world, threads, _unrelated: unrelated }
    }

    /// Does it `count` times with what `thread` has: modules register, are attached, deregister and wait.
    pub fn run(&self, thread: usize, count: u64) {
        let Troupe { clients, providers, .. } = &self.threads[thread];
        for _ in 0..count {
            providers.iter().for_each(|provider| provider.register(&self.world));
            clients.iter().for_each(|client| client.register(&self.world));
            clients.iter().for_each(|client| client.take_down(&self.world));
            providers.iter().for_each(|provider| provider.take_down(&self.world));
        }
    }

    fn design(&self) -> Design<'_> {
        Design::new(self.name, |thread, count| self.run(thread, count))
    }
}

/// A module that stays for as long as the value lives.
#[derive(Debug)]
struct Standing {
    world: World,
    module: Module,
}

#[derive(Debug)]
enum Module {
    Client(BareClient),
    Provider(BareProvider),
}

impl Standing {
    fn client(world: &World, npi: Guid) -> Self {
        let client = BareClient::new(world, npi);
        client.register(world);
        Self { world: world.clone(), module: Module::Client(client) }
    }

    fn provider(world: &World, npi: Guid) -> Self {
        let provider = BareProvider::new(world, npi);
        provider.register(world);
        Self { world: world.clone(), module: Module::Provider(provider) }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        match &self.module {
            Module::Client(client) => client.take_down(&self.world),
            Module::Provider(provider) => provider.take_down(&self.world),
        }
    }
}

/// Clients and providers that stay, each attached to all on the other side.
#[derive(Debug)]
struct Crowd {
    _clients: Vec<Standing>,
    _providers: Vec<Standing>,
}

impl Crowd {
    fn new(world: &World, side: usize) -> Self {
        let npi = Guid::from_u128(0x7f1d_8a52_0000);
        let providers = (0..side).map(|_| Standing::provider(world, npi)).collect();
        let clients = (0..side).map(|_| Standing::client(world, npi)).collect();
        Self { _clients: clients, _providers: providers }
    }
}

/// Times of one and of two threads with an NPI each, in microseconds for each binding; what the second thread gains; and
/// what unrelated bindings cost.
///
/// # Errors
/// The machine cannot measure.
pub fn measure(effort: Effort, mut tell: impl FnMut(Measurement)) -> Result<usize> {
    let works = Work::all();
    let designs: Vec<_> = works.iter().map(Work::design).collect();
    let table = paired::measure(&designs, &[1, 2], effort.repetitions(3, 21))?;
    let alone = CROWDS[0].0;
    for Work { name, bindings, .. } in &works {
        for (threads, words) in [(1, "1_thread"), (2, "2_threads")] {
            if let Some(nanoseconds) = table.time((name, threads)) {
                let microseconds = nanoseconds / 1e3 / *bindings as f64;
                tell(Measurement::new(format!("{name}/{words}"), microseconds, "us"));
            }
        }
        if let Some(scaling) = table.scaling(name, 2) {
            tell(Measurement::new(format!("{name}/scaling"), scaling, "x"));
        }
        if name.starts_with("cycle_beside")
            && let Some(ratio) = table.ratio((name, 1), (alone, 1))
        {
            tell(Measurement::new(format!("{name}/flat"), ratio, "x alone"));
        }
    }
    Ok(table.thrown_away())
}

#[cfg(test)]
mod tests {
    use super::Work;

    #[test]
    fn everything_that_comes_goes_again() {
        for work in Work::all().into_iter().filter(|work| !work.name.contains("beside")) {
            let before = work.world.left();
            work.run(0, 2);
            work.run(1, 2);
            assert_eq!(work.world.left(), before, "{}", work.name);
            work.world.assert_clean();
        }
    }

    #[test]
    fn bindings_are_counted_as_they_come() {
        let bindings: Vec<_> = Work::all().iter().map(|work| (work.name, work.bindings)).collect();
        assert!(bindings.contains(&("pair", 1)) && bindings.contains(&("cycle_alone", 1)));
        assert!(bindings.contains(&("one_by_64", 64)) && bindings.contains(&("64_by_64", 4096)));
    }

    #[test]
    fn a_crowd_is_a_square_and_stays() {
        let work = Work::new("small", 3, [1, 0, 1]);
        work.run(0, 5);
        let left = work.world.left();
        assert_eq!((left.registrations.len(), left.bindings), (2 + 6, 9));
    }
}
