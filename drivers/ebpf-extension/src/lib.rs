//! An extension of eBPF for Windows: it provides the program type *tick* and the hook that runs its programs a hundred
//! times a second.
//!
//! A program gets the number of the tick and how many programs ran in the one before, may call `bpf_tick_average`, and
//! changes what is kept of its last run by what it returns. Both registrations are providers, and eBPF's core is a client
//! of the first for each program and of the second for each link.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use nmr::{AtPassive, Guid, MayWait, Offer, OwnThread, ProviderBinding, Refusal};
use nmr_npis::ebpf::hook;
use nmr_npis::ebpf::program_information::{
    self as program, ArgumentType, ContextDescriptor, FIRST_HELPER, Helper, HelperAddresses, HelperPrototype,
    ProgramInfo, ProgramTypeDescriptor, ReturnType,
};

/// The type of programs: the module id of the registration `programs`.
pub const PROGRAM_TYPE: Guid = Guid::from_u128(0x0c6e_6d6c_52a5_4b3a_8f0e_66d0_33e1_5a11);
/// The attach type: the module id of the registration `hook`.
pub const ATTACH_TYPE: Guid = Guid::from_u128(0x0c6e_6d6c_52a5_4b3a_8f0e_66d0_33e1_5a12);
/// What libbpf calls both; eBPF for Windows has none of its own from here on.
const NUMBER: u32 = 1001;
/// `BPF_LINK_TYPE_PLAIN`.
const PLAIN_LINK: u32 = 1;
/// Programs run on a thread of the extension, which raises nothing.
const PASSIVE_LEVEL: u8 = 0;

/// What a program gets: the number of the tick, and how many programs ran in the one before.
pub type Tick = [u64; 2];

static CONTEXT: ContextDescriptor = ContextDescriptor::of::<Tick>();
static TYPE: ProgramTypeDescriptor = ProgramTypeDescriptor::new(c"tick", &CONTEXT, PROGRAM_TYPE, NUMBER);
static PROTOTYPES: [HelperPrototype; 1] = [HelperPrototype::new(
    FIRST_HELPER,
    c"bpf_tick_average",
    ReturnType::INTEGER,
    [
        ArgumentType::ANYTHING,
        ArgumentType::ANYTHING,
        ArgumentType::DONT_CARE,
        ArgumentType::DONT_CARE,
        ArgumentType::DONT_CARE,
    ],
)];
static INFO: ProgramInfo = ProgramInfo::new(&TYPE, &PROTOTYPES);
static HELPERS: [Helper; 1] = [tick_average];
static ADDRESSES: HelperAddresses = HelperAddresses::new(&HELPERS);

/// `bpf_tick_average(a, b)`: the number half way between two.
extern "C" fn tick_average(a: u64, b: u64, _: u64, _: u64, _: u64) -> u64 {
    a.midpoint(b)
}

nmr::driver! {
    /// The extension.
    pub driver EbpfExtension {
        module_id: "0c6e6d6c-52a5-4b3a-8f0e-66d033e15a10",
        state: Ticks = Ticks::new(),
        threads: 1,
        control_device: true,
        start: EbpfExtension::start,
        stop: EbpfExtension::stop,

        provider programs: program::Npi as Program {
            capacity: 64,
            module_id: "0c6e6d6c-52a5-4b3a-8f0e-66d033e15a11",
            characteristics: program::ProviderCharacteristics::new(&INFO, &ADDRESSES, PASSIVE_LEVEL),
        },
        provider hook: hook::Npi as Link {
            capacity: 64,
            module_id: "0c6e6d6c-52a5-4b3a-8f0e-66d033e15a12",
            characteristics: hook::ProviderCharacteristics {
                supported_program_type: PROGRAM_TYPE,
                bpf_attach_type: NUMBER,
                link_type: PLAIN_LINK,
            },
        },
    }
}

/// What the extension counts.
#[derive(Debug)]
pub struct Ticks {
    /// Ticks so far.
    pub ticks: AtomicU64,
    /// Programs that have run.
    pub runs: AtomicU64,
    /// Programs that eBPF's core could not run.
    pub failures: AtomicU64,
}

impl Ticks {
    const fn new() -> Self {
        Self { ticks: AtomicU64::new(0), runs: AtomicU64::new(0), failures: AtomicU64::new(0) }
    }
}

impl EbpfExtension {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::tick)
    }

    fn stop(&'static self, _: &MayWait<'_>) {
        let Ticks { ticks, runs, failures } = &self.state;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        nmr_wdk::println!(
            "ebpf-extension: stop: ticks {} runs {} failures {}",
            count(ticks),
            count(runs),
            count(failures)
        );
    }

    /// Runs every program that is attached, one guard for each run: a link goes away between two ticks or in the next.
    fn tick(&'static self, thread: &mut OwnThread<'_, Self>) {
        let mut ran = 0;
        while thread.sleep(Duration::from_millis(10)) {
            let number = self.state.ticks.fetch_add(1, Ordering::Relaxed);
            let context: Tick = [number, ran];
            ran = self.hook.peers().map(|link| u64::from(self.run(&link, context))).sum();
        }
    }

    /// Runs the program of `link`, and says whether it did.
    fn run(&self, link: &nmr::Guard<'_, nmr::Provider<Link>>, mut context: Tick) -> bool {
        let ran = link.run(&mut context);
        if let Ok(returned) = ran {
            link.binding().last_returned.store(returned.into(), Ordering::Relaxed);
        }
        let counter = if ran.is_ok() { &self.state.runs } else { &self.state.failures };
        counter.fetch_add(1, Ordering::Relaxed);
        ran.is_ok()
    }
}

/// A program that eBPF's core has loaded.
#[derive(Debug)]
pub struct Program;

impl ProviderBinding for Program {
    type Driver = EbpfExtension;
    type Npi = program::Npi;

    fn attach(_: &'static EbpfExtension, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// A program that is attached to the hook, and what it returned last.
#[derive(Debug)]
pub struct Link {
    /// What the program returned last.
    pub last_returned: AtomicU64,
}

impl ProviderBinding for Link {
    type Driver = EbpfExtension;
    type Npi = hook::Npi;

    fn attach(
        _: &'static EbpfExtension,
        link: &Offer<'_, hook::ClientCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        // Nothing is to be passed to this hook, but what is passed must be readable.
        link.characteristics()?;
        Ok(Self { last_returned: AtomicU64::new(0) })
    }
}
