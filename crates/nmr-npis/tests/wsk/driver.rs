//! A driver that listens for datagrams on a thread of its own.

#![expect(unsafe_code, reason = "makes the token of a test's thread")]

use nmr::host::{Host, HostRequest, Loaded};
use nmr::{AtPassive, ClientBinding, Error, MayWait, Offer, OwnThread, Refusal};
use nmr_npis::wsk::{self, DatagramSocket};
use nmr_sim::World;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

nmr::driver! {
    /// The driver.
    pub driver Talker {
        module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c80",
        system: Host<World>,
        state: State = State::new(),
        threads: 1,
        start: Talker::start,

        client wsk: wsk::Npi as Wsk { capacity: 1, policy: one },
    }
}

/// What the test says, and what the thread met.
#[derive(Debug)]
pub struct State {
    listens: AtomicBool,
    last_error: Mutex<Option<Error>>,
}

impl State {
    const fn new() -> Self {
        Self { listens: AtomicBool::new(false), last_error: Mutex::new(None) }
    }
}

impl Talker {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::run)
    }

    /// Lets the thread listen.
    pub fn listen(&self) {
        self.state.listens.store(true, Ordering::SeqCst);
    }

    /// What ended the last call of the thread.
    pub fn last_error(&self) -> Option<Error> {
        *self.state.last_error.lock().expect("no panic")
    }

    fn run(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_millis(1)) {
            if self.state.listens.load(Ordering::SeqCst)
                && let Err(error) = self.serve(thread.may_wait().at_passive())
            {
                *self.state.last_error.lock().expect("no panic") = Some(error);
            }
        }
    }

    /// Waits for datagrams until WSK goes.
    fn serve(&'static self, at: &AtPassive<'_>) -> nmr::Result<()> {
        let Some(provider) = self.wsk.oldest_peer() else { return Ok(()) };
        let here = "10.0.0.1:7".parse().map_err(|_| Error::INVALID_PARAMETER)?;
        let mut socket: DatagramSocket<nmr::Client<Wsk>, HostRequest> =
            DatagramSocket::open_at(provider, &here, at)?;
        loop {
            let mut bytes = [0; 64];
            let (length, from) = socket.receive_from(&mut bytes, at)?;
            socket.send_to(&bytes[..length], &from, at)?;
        }
    }
}

/// WSK.
#[derive(Debug)]
pub struct Wsk;

impl ClientBinding for Wsk {
    type Driver = Talker;
    type Npi = wsk::Npi;

    fn attach(
        _: &'static Talker,
        provider: &Offer<'_, wsk::ProviderCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        provider.characteristics()?.require(wsk::VERSION)?;
        Ok(Self)
    }
}

pub fn load(world: &World) -> Loaded<Talker> {
    Loaded::new(Host::new(world.clone())).expect("nothing fails")
}

pub fn at_passive() -> AtPassive<'static> {
    // SAFETY: an ordinary thread.
    unsafe { AtPassive::assume() }
}
