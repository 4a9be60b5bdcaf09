//! The world that the nine functions work on: made when the first one is called, replaced on request.
//!
//! A thread keeps the world that it used last, so that finding it costs no lock and touches nothing that other threads
//! write. A world that was replaced lives until no thread keeps it or is inside a call of it.

use super::ledger::{Ledger, say};
use super::settings::{Events, Settings};
use crate::builder::{Sizes, WorldBuilder};
use crate::contract::OnViolation;
use crate::sync::lock;
use crate::tsan::Inside;
use crate::world::World;
use nmr_abi::NpiId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Worlds are numbered from 1; 0 says that there is none yet.
static CURRENT: AtomicU64 = AtomicU64::new(0);

static MAKER: Mutex<Maker> = Mutex::new(Maker {
    settings: None,
    last: 0,
    made: None,
    finish: |builder| builder,
    sizes: BTreeMap::new(),
});

/// Makes worlds.
struct Maker {
    /// Those of the next world; `None` before anybody has looked into the environment.
    settings: Option<Settings>,
    /// The number of the last world.
    last: u64,
    made: Option<Made>,
    finish: fn(WorldBuilder) -> WorldBuilder,
    sizes: BTreeMap<u128, Sizes>,
}

/// A world, and what was done wrong in it.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) world: World,
    pub(crate) ledger: Arc<Ledger>,
}

thread_local! {
    /// The world that this thread used last, and its number.
    static OWN: RefCell<Option<(u64, Rc<Made>)>> = const { RefCell::new(None) };
}

/// A call of the library, and the world that it works on.
#[derive(Debug)]
pub(crate) struct Current {
    made: Rc<Made>,
    _inside: Inside,
}

impl Deref for Current {
    type Target = Made;

    fn deref(&self) -> &Made {
        &self.made
    }
}

/// The world of the process, which is made now if there is none.
pub(crate) fn current() -> Current {
    let inside = Inside::enter();
    let number = CURRENT.load(Ordering::Acquire);
    let own = OWN.try_with(|own| match &*own.borrow() {
        Some((own, made)) if *own == number && number != 0 => Some(Rc::clone(made)),
        _ => None,
    });
    Current { made: own.ok().flatten().unwrap_or_else(adopt), _inside: inside }
}

/// Takes the world of the process as the one of this thread.
fn adopt() -> Rc<Made> {
    let (number, made) = {
        let mut maker = lock(&MAKER);
        let made = maker.current();
        (maker.last, Rc::new(made))
    };
    // A thread that is ending may have lost its memory already; it goes the slow way each time.
    let before = OWN.try_with(|own| own.replace(Some((number, Rc::clone(&made)))));
    drop(before);
    made
}

/// From now on each new world is passed through `finish` before it is built, after the settings.
pub fn install(finish: fn(WorldBuilder) -> WorldBuilder) {
    lock(&MAKER).finish = finish;
}

/// The world of the process; the first call makes one.
pub fn world() -> World {
    current().world.clone()
}

/// Gives the process a new world with the settings of this moment, and answers how many registrations are left in the
/// old one. Its handles are stale from now on.
pub fn reset() -> usize {
    let _inside = Inside::enter();
    let before = {
        let mut maker = lock(&MAKER);
        let before = maker.made.take();
        maker.current();
        before
    };
    before.map_or(0, |before| before.world.left().registrations.len())
}

/// Chooses `value` for the setting `name` of the worlds to come. The world of the process is one of those as long as
/// nobody has called it.
///
/// # Errors
/// Says what is wrong with the name or the value; nothing has changed then.
pub fn set(name: &str, value: &str) -> Result<(), String> {
    let _inside = Inside::enter();
    lock(&MAKER).settings().set(name, value)
}

/// Says how large the things are that modules of `npi` show to each other, in the worlds to come.
pub(crate) fn set_sizes(npi: NpiId, sizes: Sizes) {
    let _inside = Inside::enter();
    lock(&MAKER).sizes.insert(npi.to_u128(), sizes);
}

impl Maker {
    fn settings(&mut self) -> &mut Settings {
        self.settings.get_or_insert_with(|| {
            let variables = std::env::vars_os().filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            });
            Settings::from_variables(variables).unwrap_or_else(|wrong| {
                wrong.iter().for_each(|line| say(line));
                say("aborted: a run with other settings than were asked for would prove nothing");
                std::process::abort();
            })
        })
    }

    fn current(&mut self) -> Made {
        if let Some(made) = &self.made {
            return made.clone();
        }
        let settings = self.settings().clone();
        self.last += 1;
        let mut builder = settings.builder().mark(self.last as u8);
        for (npi, sizes) in &self.sizes {
            builder = builder.sizes(NpiId::from_u128(*npi), *sizes);
        }
        let made = make(&settings, builder, self.finish);
        self.made = Some(made.clone());
        CURRENT.store(self.last, Ordering::Release);
        made
    }
}

fn make(settings: &Settings, builder: WorldBuilder, finish: fn(WorldBuilder) -> WorldBuilder) -> Made {
    let ledger = Arc::new(Ledger::new(settings.on_violation));
    let mut builder = builder.on_violation(OnViolation::Tell);
    if settings.events == Events::Print {
        builder = builder.listener(|event| say(&event.to_string()));
    }
    let told = Arc::clone(&ledger);
    builder = builder.violation_listener(move |violation| told.add(violation));
    let (report, limit) = (settings.wait_report, settings.wait_limit);
    if let Some(first) = report.into_iter().chain(limit).min() {
        let told = Arc::clone(&ledger);
        builder = builder.overdue_wait(first, move |text, waited| {
            say(text);
            if limit.is_some_and(|limit| waited >= limit) {
                told.abort();
            }
            limit.map(|limit| limit - waited)
        });
    }
    let world = finish(builder).build();
    if settings.fail_nth > 0 {
        world.fail_nth(settings.fail_nth);
    }
    ledger.belongs_to(&world);
    Made { world, ledger }
}
