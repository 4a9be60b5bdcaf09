mod driver;

nmr::driver! {
    pub driver Sample {
        system: nmr::host::Host<nmr_sim::World>,
        identity: 3,
    }
}

fn main() {}
