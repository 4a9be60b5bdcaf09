use nmr::{ClientBinding, ClientRegistration};

fn send<B: ClientBinding>(registration: &'static ClientRegistration<B, 4>) {
    if let Some(guard) = registration.oldest_peer() {
        std::thread::spawn(move || drop(guard));
    }
}

fn main() {}
