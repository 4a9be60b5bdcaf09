//! A client of WSK meets a WSK of the tests, which completes requests on a thread of its own.

#![allow(unreachable_pub, reason = "modules of a test are written as those of a library")]

mod driver;
mod functions;
mod listen;
mod sockets;
mod subsystem;

use driver::{Talker, Wsk, at_passive, load};
use nmr::host::HostRequest;
use nmr::{Error, Guard};
use nmr_npis::wsk::{self, DatagramSocket, ListenSocket, StreamSocket};
use nmr_sim::World;
use std::net::SocketAddr;
use subsystem::{Subsystem, Versions};

type Role = nmr::Client<Wsk>;
type Datagrams = DatagramSocket<Role, HostRequest>;
type Stream = StreamSocket<Role, HostRequest>;
type Listener = ListenSocket<Role, HostRequest>;

fn wsk(driver: &'static Talker) -> Guard<'static, Role> {
    driver.wsk.oldest_peer().expect("attached")
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

#[test]
fn datagrams_go_from_socket_to_socket() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::ONE);
    let driver = load(&world);
    let at = at_passive();
    for (server, client) in [("10.0.0.1:53", "10.0.0.1:1000"), ("[fe80::1%3]:53", "[fe80::1%3]:1001")] {
        let (server, client) = (address(server), address(client));
        let mut one = Datagrams::open_at(wsk(driver.driver()), &server, &at).expect("free");
        let mut other = Datagrams::open_at(wsk(driver.driver()), &client, &at).expect("free");
        assert_eq!(one.local_address(&at), Ok(server));
        assert_eq!(other.send_to(b"question", &server, &at), Ok(8));
        let mut bytes = [0; 4];
        assert_eq!(one.receive_from(&mut bytes, &at), Ok((4, client)), "as much as fits");
        assert_eq!(&bytes, b"ques");
        assert_eq!(one.send_to(b"yes", &client, &at), Ok(3));
        let mut bytes = [0; 16];
        assert_eq!(other.receive_from(&mut bytes, &at), Ok((3, server)));
        assert_eq!(&bytes[..3], b"yes");
        assert_eq!(
            (other.send_to(b"", &server, &at), one.receive_from(&mut [], &at)),
            (Ok(0), Ok((0, client)))
        );
        let taken = Datagrams::open_at(wsk(driver.driver()), &server, &at);
        assert_eq!(taken.err(), Some(Error::from_status(subsystem::ADDRESS_ALREADY_EXISTS)));
    }
    assert_eq!(subsystem.sockets(), 0, "each is closed when it is dropped");
    drop(driver);
    subsystem.leave();
    world.assert_clean();
    world.assert_unloaded();
}

/// WSK takes a buffer without an MDL from WskReceive alone, so one without bytes has an MDL too.
#[test]
fn a_datagram_may_be_empty() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::ONE);
    let driver = load(&world);
    let (at, here) = (at_passive(), address("10.0.0.1:53"));
    let mut socket = Datagrams::open_at(wsk(driver.driver()), &here, &at).expect("free");
    assert_eq!(socket.send_to(&[], &here, &at), Ok(0));
    assert_eq!(socket.receive_from(&mut [0; 4], &at), Ok((0, here)));
    assert_eq!(socket.send_to(b"cut off", &here, &at), Ok(7));
    assert_eq!(socket.receive_from(&mut [], &at), Ok((0, here)));
    drop((socket, driver));
    subsystem.leave();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_stream_is_connected_used_and_ended() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::ONE);
    let driver = load(&world);
    let at = at_passive();
    let mut stream = Stream::connect(wsk(driver.driver()), &subsystem::ECHO, &at).expect("it listens");
    assert_eq!(stream.send(b"hello", &at), Ok(5));
    let mut bytes = [0; 3];
    assert_eq!((stream.receive(&mut bytes, &at), bytes), (Ok(3), *b"hel"));
    assert_eq!((stream.receive(&mut bytes, &at), bytes), (Ok(2), *b"lol"));
    assert_eq!(stream.disconnect(&at), Ok(()));
    assert_eq!(stream.receive(&mut bytes, &at), Ok(0), "the end of the stream");
    let refused = Stream::connect(wsk(driver.driver()), &address("10.0.0.1:9"), &at);
    assert_eq!(refused.err(), Some(Error::from_status(subsystem::CONNECTION_REFUSED)));
    drop(stream);
    drop(driver);
    subsystem.leave();
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_connection_is_accepted_and_outlives_the_socket_that_listened() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::ONE);
    let driver = load(&world);
    let (at, here) = (at_passive(), address("10.0.0.1:80"));
    let mut listener = Listener::open_at(wsk(driver.driver()), &here, &at).expect("free");
    assert_eq!(listener.local_address(&at), Ok(here));
    let taken = Listener::open_at(wsk(driver.driver()), &here, &at);
    assert_eq!(taken.err(), Some(Error::from_status(subsystem::ADDRESS_ALREADY_EXISTS)));
    let mut caller = Stream::connect(wsk(driver.driver()), &here, &at).expect("it listens");
    let (mut accepted, from) = listener.accept(&at).expect("somebody has connected");
    assert_eq!(from, subsystem::CALLER);
    drop(listener);
    let mut bytes = [0; 8];
    assert_eq!(caller.send(b"hello", &at), Ok(5));
    assert_eq!((accepted.receive(&mut bytes, &at), &bytes[..5]), (Ok(5), &b"hello"[..]));
    assert_eq!(accepted.send(b"you", &at), Ok(3));
    assert_eq!((caller.receive(&mut bytes, &at), &bytes[..3]), (Ok(3), &b"you"[..]));
    assert_eq!(caller.disconnect(&at), Ok(()));
    assert_eq!(accepted.receive(&mut bytes, &at), Ok(0), "the end of the stream");
    assert_eq!(subsystem.sockets(), 2, "the two ends");
    drop((caller, accepted));
    assert_eq!(subsystem.sockets(), 0);
    drop(driver);
    subsystem.leave();
    world.assert_clean();
    world.assert_unloaded();
}

/// Whoever waits for a connection when WSK goes is told so, and WSK goes when all sockets are closed.
#[test]
fn wsk_goes_while_nobody_connects() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::ONE);
    let driver = load(&world);
    let here = address("10.0.0.1:80");
    let mut listener = Listener::open_at(wsk(driver.driver()), &here, &at_passive()).expect("free");
    let waiter = std::thread::spawn(move || listener.accept(&at_passive()).map(drop));
    subsystem.wait_until_pending(1);
    subsystem.leave();
    assert_eq!(waiter.join().expect("no panic"), Err(Error::DEVICE_NOT_READY));
    assert_eq!(driver.driver().wsk.bindings(), 0);
    drop(driver);
    world.assert_clean();
    world.assert_unloaded();
}

/// Unload of the driver: its own thread waits for a datagram that never comes.
#[test]
fn unload_cancels_a_call_that_waits_and_closes_the_socket() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::ONE);
    let driver = load(&world);
    driver.driver().listen();
    subsystem.wait_until_pending(1);
    drop(driver);
    assert_eq!((subsystem.sockets(), subsystem.cancelled()), (0, 1));
    subsystem.leave();
    world.assert_clean();
    world.assert_unloaded();
}

/// WSK goes first: it does not finish detaching before the client has closed its sockets.
#[test]
fn wsk_waits_for_the_sockets_of_its_client() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::ONE);
    let driver = load(&world);
    driver.driver().listen();
    subsystem.wait_until_pending(1);
    subsystem.leave();
    assert_eq!(driver.driver().wsk.bindings(), 0);
    assert_eq!(driver.driver().last_error(), Some(Error::DEVICE_NOT_READY));
    drop(driver);
    world.assert_clean();
    world.assert_unloaded();
}

#[test]
fn a_wsk_without_the_version_is_declined() {
    for versions in [Versions::of(0x0200, 0x0200), Versions::of(0x0003, 0x0001)] {
        let world = World::new();
        let subsystem = Subsystem::register(&world, versions);
        let driver = load(&world);
        assert_eq!((driver.driver().wsk.bindings(), subsystem.asked_for()), (0, vec![]));
        drop(driver);
        subsystem.leave();
        world.assert_clean();
    }
}

#[test]
fn a_higher_minor_version_is_a_superset() {
    let world = World::new();
    let subsystem = Subsystem::register(&world, Versions::of(0x0105, 0x0100));
    let driver = load(&world);
    assert_eq!((driver.driver().wsk.bindings(), subsystem.asked_for()), (1, vec![wsk::VERSION]));
    let stream = Stream::connect(wsk(driver.driver()), &subsystem::ECHO, &at_passive());
    drop(stream.expect("it works"));
    drop(driver);
    subsystem.leave();
    world.assert_clean();
}
