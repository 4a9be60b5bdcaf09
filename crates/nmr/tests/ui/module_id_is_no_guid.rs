mod driver;

nmr::driver! {
    pub driver Sample {
        system: nmr::host::Host<nmr_sim::World>,
        module_id: "{5e6a5f0e}",
        client adder: driver::adder::Npi as driver::Provider { capacity: 4 },
    }
}

fn main() {}
