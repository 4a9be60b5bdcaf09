mod driver;

nmr::driver! {
    pub driver Sample {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
        system: nmr::host::Host<nmr_sim::World>,
        client adder: driver::adder::Npi as driver::Provider { capacity: 4 },
    }
    pub driver Other {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b11",
    }
}

fn main() {}
