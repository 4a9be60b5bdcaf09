//! Tests over many seeds: each draws its delays, orders and choices, and says which seed failed.
//!
//! `NMR_TEST_SEED=<seed>` runs that seed alone; `NMR_TEST_SEEDS=<count>` runs more than the default.

use nmr_sim::{Order, Point, Schedule, SeededSchedule, World, WorldBuilder};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

/// How long anything may take that must happen.
pub const LIMIT: Duration = Duration::from_secs(if cfg!(miri) { 600 } else { 20 });

/// Runs `test` with `count` seeds, or with those that the environment names.
pub fn each_seed(count: u64, test: impl Fn(&Seed)) {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is a number, not `{text}`")))
    };
    if let Some(seed) = number("NMR_TEST_SEED") {
        return test(&Seed::new(seed));
    }
    let count = number("NMR_TEST_SEEDS").unwrap_or(if cfg!(miri) { 1 } else { count });
    for seed in 0..count {
        let _running = Running::begin(seed);
        test(&Seed::new(seed));
    }
}

/// The tests that are running, by thread, each with its seed. A panic names them all: it may be another thread's, and in a
/// callback it ends the process.
static RUNNING: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

struct Running(String);

impl Running {
    fn begin(seed: u64) -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                before(panic);
                let running = lock(&RUNNING);
                running.iter().for_each(|(test, seed)| eprintln!("  in {test} with NMR_TEST_SEED={seed}"));
            }));
        });
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        lock(&RUNNING).insert(test.clone(), seed);
        Self(test)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&RUNNING).remove(&self.0);
    }
}

/// A stream of draws that its number decides.
#[derive(Debug)]
pub struct Seed {
    number: u64,
    state: AtomicU64,
}

impl Seed {
    pub fn new(number: u64) -> Self {
        Self { number, state: AtomicU64::new(number.wrapping_mul(0xd134_2543_de82_ef95)) }
    }

    /// SplitMix64.
    pub fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&self, end: u64) -> u64 {
        self.draw() % end
    }

    pub fn coin(&self) -> bool {
        self.below(2) == 1
    }

    /// Seed of a part of the test with draws of its own.
    pub fn part(&self) -> Self {
        Self::new(self.draw())
    }

    /// Lets a little time pass, or none.
    pub fn dawdle(&self) {
        let draw = self.draw();
        match draw & 3 {
            0 => {}
            1 => std::thread::yield_now(),
            2 => (0..draw >> 8 & 0xfff).for_each(|_| std::hint::spin_loop()),
            _ => std::thread::sleep(Duration::from_micros(draw >> 8 & 0xff)),
        }
    }

    /// The settings of a world in which all that Windows leaves open is drawn.
    pub fn builder(&self) -> (WorldBuilder, Holds) {
        let holds = Holds { seeded: Arc::new(SeededSchedule::new(self.number)), at: Arc::default() };
        let builder = World::builder()
            .schedule(holds.clone())
            .detach_order(Order::Scheduled)
            .cleanup_order(Order::Scheduled)
            .cleanup_overtakes_detach(self.coin())
            .wait_covers_detach(self.coin())
            .wait_limit(LIMIT);
        (builder, holds)
    }

    pub fn world(&self) -> World {
        self.builder().0.build()
    }

    /// A world in which threads can also be held at points of a test's choice.
    pub fn held_world(&self) -> (World, Holds) {
        let (builder, holds) = self.builder();
        (builder.build(), holds)
    }
}

/// A seeded schedule that also stops the first thread to come to certain points.
#[derive(Clone)]
pub struct Holds {
    seeded: Arc<SeededSchedule>,
    at: Arc<Mutex<Vec<(Point, Gate)>>>,
}

impl Holds {
    /// The next thread to come to `point` stops at the gate that this answers.
    pub fn next_at(&self, point: Point) -> Gate {
        let gate = Gate::default();
        lock(&self.at).push((point, gate.clone()));
        gate
    }
}

impl Schedule for Holds {
    fn pause(&self, point: Point) {
        let held = {
            let mut at = lock(&self.at);
            at.iter().position(|(wanted, _)| *wanted == point).map(|index| at.swap_remove(index).1)
        };
        match held {
            Some(gate) => gate.pass(),
            None => self.seeded.pause(point),
        }
    }

    fn choose(&self, point: Point, options: usize) -> usize {
        self.seeded.choose(point, options)
    }
}

/// Where one thread stops until another lets it go.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Default)]
struct GateState {
    somebody: bool,
    open: bool,
}

impl Gate {
    /// Stops here until the gate is open.
    #[track_caller]
    pub fn pass(&self) {
        self.lock().somebody = true;
        self.0.1.notify_all();
        self.until("the gate is opened", |state| state.open);
    }

    /// Waits until somebody stands at the gate, or has passed it.
    #[track_caller]
    pub fn reached(&self) {
        self.until("somebody comes to the gate", |state| state.somebody);
    }

    /// Lets everybody pass from here on.
    pub fn open(&self) {
        self.lock().open = true;
        self.0.1.notify_all();
    }

    #[track_caller]
    fn until(&self, what: &str, condition: impl Fn(&GateState) -> bool) {
        let waited = self.0.1.wait_timeout_while(self.lock(), LIMIT, |state| !condition(state));
        let timeout = waited.unwrap_or_else(PoisonError::into_inner).1;
        assert!(!timeout.timed_out(), "{what}: not within {LIMIT:?}");
    }

    fn lock(&self) -> MutexGuard<'_, GateState> {
        lock(&self.0.0)
    }
}

/// Waits until `condition` holds.
#[track_caller]
pub fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < end, "{what}: not within {LIMIT:?}");
        std::thread::yield_now();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
