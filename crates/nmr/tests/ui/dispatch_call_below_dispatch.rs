#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d01", version = 1)]
pub mod adder {
    pub trait Client {
        fn added(&self, at: &nmr::AtDispatch<'_>, a: u32);
    }
}

use adder::Client as _;

fn tell(client: &adder::ClientCalls, at: &nmr::AtMostDispatch<'_>) {
    client.added(at, 1);
}

fn main() {}
