//! A client of WSK with two threads: one sends datagrams to itself, the other waits for one that never comes. The lab loads
//! and unloads it, and a WSK in C, in every order. No unsafe code: IRPs, MDLs and the waits for them are the framework's.
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use nmr::{AtPassive, ClientBinding, Error, MayWait, Offer, OwnThread, Refusal, Status};
use nmr_npis::wsk::{self, DatagramSocket};
use nmr_wdk::IoRequest;

nmr::driver! {
    /// The client.
    pub driver WskClient {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0b21",
        state: Counts = Counts::new(),
        threads: 2,
        start: WskClient::start,

        client wsk: wsk::Npi as Wsk { capacity: 1, policy: one },
    }
}

type Datagrams = DatagramSocket<nmr::Client<Wsk>, IoRequest>;

/// STATUS_INSUFFICIENT_RESOURCES, with which the WSK of the lab fails now and then on purpose.
const ON_PURPOSE: Status = Status::INSUFFICIENT_RESOURCES;
/// The longest datagram that is sent: 255 times what the lengths differ by.
const LONGEST: usize = 255 * STEP;
const STEP: usize = 5;

const fn here(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), port)
}

/// What the threads met.
#[derive(Debug)]
pub struct Counts {
    /// Datagrams that came back as they were sent.
    pub echoed: AtomicU64,
    /// Waits that ended because WSK, or the driver, goes.
    pub ended: AtomicU64,
    /// Failures of WSK that were meant.
    pub failed: AtomicU64,
    /// Anything else.
    pub wrong: AtomicU64,
}

impl Counts {
    const fn new() -> Self {
        Self {
            echoed: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            wrong: AtomicU64::new(0),
        }
    }

    /// Counts how the use of a socket ended.
    fn count(&self, ended: nmr::Result<()>) {
        let counter = match ended {
            Ok(()) => return,
            Err(Error::DEVICE_NOT_READY) => &self.ended,
            Err(error) if error.status() == ON_PURPOSE => &self.failed,
            Err(error) => {
                nmr_wdk::println!("wsk-client: {error}");
                &self.wrong
            }
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl WskClient {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::send)?;
        self.threads.spawn(at, self, Self::listen)
    }

    /// Sends datagrams of all lengths until WSK or the driver goes; then says how it went.
    fn send(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_millis(1)) {
            self.state.count(self.echo(thread));
        }
        let [echoed, ended, failed, wrong] =
            [&self.state.echoed, &self.state.ended, &self.state.failed, &self.state.wrong]
                .map(|count| count.load(Ordering::Relaxed));
        nmr_wdk::println!("wsk-client: stop: echoed {echoed} ended {ended} failed {failed} wrong {wrong}");
    }

    fn echo(&'static self, thread: &mut OwnThread<'_, Self>) -> nmr::Result<()> {
        let at = thread.may_wait().at_passive();
        let Some(provider) = self.wsk.oldest_peer() else { return Ok(()) };
        let mut socket = Datagrams::open_at(provider, &here(7), at)?;
        let (mut sent, mut received) = ([0; LONGEST], [0; LONGEST]);
        for number in 0..=u8::MAX {
            let length = usize::from(number) * STEP;
            sent.fill(number);
            socket.send_to(&sent[..length], &here(7), at)?;
            let (got, from) = socket.receive_from(&mut received, at)?;
            let right = from == here(7) && received.get(..got) == sent.get(..length);
            let counter = if right { &self.state.echoed } else { &self.state.wrong };
            counter.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits for a datagram at an address to which nobody sends.
    fn listen(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_millis(1)) {
            let at = thread.may_wait().at_passive();
            let Some(provider) = self.wsk.oldest_peer() else { continue };
            let mut bytes = [0; 64];
            let ended = Datagrams::open_at(provider, &here(8), at)
                .and_then(|mut socket| socket.receive_from(&mut bytes, at));
            self.state.count(ended.and(Ok(())));
        }
    }
}

/// WSK.
#[derive(Debug)]
pub struct Wsk;

impl ClientBinding for Wsk {
    type Driver = WskClient;
    type Npi = wsk::Npi;

    fn attach(
        _: &'static WskClient,
        provider: &Offer<'_, wsk::ProviderCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        provider.characteristics()?.require(wsk::VERSION)?;
        Ok(Self)
    }
}
