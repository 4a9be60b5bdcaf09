//! All three drivers on a desk: they call each other, and are unloaded in every order with calls in flight.

use super::EchoClient;
use composite::Composite;
use core::sync::atomic::Ordering;
use echo_provider::EchoProvider;
use nmr::Status;
use nmr_sim::{SeededSchedule, What, World};
use nmr_wdk::{Kernel, Loaded};
use std::time::Duration;

struct Lab {
    provider: Option<Loaded<EchoProvider>>,
    composite: Option<Loaded<Composite>>,
    client: Option<Loaded<EchoClient>>,
    world: World,
}

const NAMES: [&str; 3] = ["provider", "composite", "client"];

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

impl Lab {
    fn empty(seed: u64) -> Self {
        let world =
            World::builder().schedule(SeededSchedule::new(seed)).wait_limit(Duration::from_secs(20)).build();
        Self { provider: None, composite: None, client: None, world }
    }

    fn load(&mut self, name: &str) {
        let kernel = Kernel::new(self.world.clone());
        match name {
            "provider" => self.provider = Loaded::new(kernel).ok(),
            "composite" => self.composite = Loaded::new(kernel).ok(),
            _ => self.client = Loaded::new(kernel).ok(),
        }
    }

    fn unload(&mut self, name: &str) {
        match name {
            "provider" => drop(self.provider.take().expect("loaded")),
            "composite" => drop(self.composite.take().expect("loaded")),
            _ => drop(self.client.take().expect("loaded")),
        }
    }

    fn pending_detaches(&self) -> usize {
        let pended =
            |what: &What| matches!(what, What::DetachReturned { status, .. } if *status == Status::PENDING);
        self.world.events().iter().filter(|event| pended(&event.what)).count()
    }

    fn wait_for_traffic(&self) {
        let traffic = &self.client.as_ref().expect("loaded").driver().state;
        while traffic.echoed.load(Ordering::Relaxed) == 0 || traffic.relayed.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn unloads_in_every_order_with_calls_in_flight() {
    let mut pending = 0;
    for (round, unload_order) in ORDERS.into_iter().enumerate() {
        for load_order in ORDERS {
            let mut lab = Lab::empty(round as u64);
            for index in load_order {
                lab.load(NAMES[index]);
            }
            lab.wait_for_traffic();
            let traffic = lab.client.as_ref().expect("loaded").driver();
            for index in unload_order {
                lab.unload(NAMES[index]);
            }
            lab.world.assert_clean();
            lab.world.assert_unloaded();
            assert_eq!(traffic.state.wrong.load(Ordering::Relaxed), 0);
            pending += lab.pending_detaches();
        }
    }
    assert!(pending > 0, "no detach met a call in flight");
}
