//! The door of a registration against the opening of a binding: one of the two sees the other.

use super::{Arc, Binding, model, spawn};
use crate::registration::Door;

struct Registration {
    door: Door,
    binding: Arc<Binding>,
}

impl Registration {
    fn close_binding(&self) {
        if let Some(epoch) = self.binding.rundown.open_epoch() {
            self.binding.pre_close(epoch);
        }
    }

    fn attach(&self) {
        // A closer may be faster from the second shard on; then it has closed all of them.
        if self.binding.rundown.open() && self.door.is_shut() {
            self.close_binding();
        }
    }

    fn shut_and_close(&self) {
        self.door.shut();
        self.close_binding();
    }
}

#[test]
fn attach_in_flight_meets_closed_door() {
    model(|| {
        let registration = Arc::new(Registration { door: Door::new(), binding: Binding::unopened() });
        let attaching = {
            let registration = registration.clone();
            spawn(move || registration.attach())
        };
        registration.shut_and_close();
        attaching.join().expect("no panic");
        assert!(
            registration.binding.rundown.open_epoch().is_none(),
            "no binding stays open behind a shut door"
        );
        let _ = registration.binding.detach();
        registration.binding.assert_cleaned_up_once();
    });
}

#[test]
fn two_threads_shut_the_door() {
    model(|| {
        let registration = Arc::new(Registration { door: Door::new(), binding: Binding::unopened() });
        let threads = [Registration::attach, Registration::shut_and_close].map(|act| {
            let registration = registration.clone();
            spawn(move || act(&registration))
        });
        registration.shut_and_close();
        for thread in threads {
            thread.join().expect("no panic");
        }
        assert!(registration.binding.rundown.open_epoch().is_none());
        let _ = registration.binding.detach();
        registration.binding.assert_cleaned_up_once();
    });
}
