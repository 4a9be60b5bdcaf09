//! The client of the second chapter: it asks a time server over UDP.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use nmr::{AtPassive, ClientBinding, Error, MayWait, Offer, OwnThread, Refusal};
use nmr_npis::wsk::{self, DatagramSocket};
use nmr_wdk::IoRequest;

nmr::driver! {
    /// Asks for the time once a minute.
    pub driver TimeAsker {
        module_id: "b3c0f6de-6f2a-4b0e-8d51-2c9a3f0e7714",
        state: Seconds = Seconds(AtomicU32::new(0)),
        threads: 1,
        start: TimeAsker::start,

        client wsk: wsk::Npi as Wsk { capacity: 1, policy: one },
    }
}

/// Seconds since 1900, as the server told last.
#[derive(Debug)]
pub struct Seconds(pub AtomicU32);

/// WSK, while the driver is attached to it.
#[derive(Debug)]
pub struct Wsk;

impl ClientBinding for Wsk {
    type Driver = TimeAsker;
    type Npi = wsk::Npi;

    fn attach(
        _: &'static TimeAsker,
        provider: &Offer<'_, wsk::ProviderCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        provider.characteristics()?.require(wsk::VERSION)?;
        Ok(Self)
    }
}

type Datagrams = DatagramSocket<nmr::Client<Wsk>, IoRequest>;

/// Where the time server is.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 123);

impl TimeAsker {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::run)
    }

    /// Asks `server`, and waits for its answer or for WSK to go.
    fn ask(&'static self, server: SocketAddr, at: &AtPassive<'_>) -> nmr::Result<()> {
        let wsk = self.wsk.oldest_peer().ok_or(Error::DEVICE_NOT_READY)?;
        let mut socket = Datagrams::open(wsk, &server, at)?;
        let mut packet = [0; 48];
        packet[0] = 0x1b;
        socket.send_to(&packet, &server, at)?;
        let (length, from) = socket.receive_from(&mut packet, at)?;
        if length < packet.len() || from != server {
            return Err(Error::UNSUCCESSFUL);
        }
        let [.., a, b, c, d, _, _, _, _] = packet;
        self.state.0.store(u32::from_be_bytes([a, b, c, d]), Ordering::Relaxed);
        Ok(())
    }

    /// The body of a thread of the driver's own.
    fn run(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_secs(60)) {
            let may_wait: &MayWait<'_> = thread.may_wait();
            if let Err(error) = self.ask(SERVER, may_wait.at_passive()) {
                nmr_wdk::println!("time-asker: {error}");
            }
        }
    }
}
