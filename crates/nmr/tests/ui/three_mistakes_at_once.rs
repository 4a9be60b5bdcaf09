mod driver;

nmr::driver! {
    pub driver Sample {
        system: nmr::host::Host<nmr_sim::World>,
        module_id: "nobody",
        client adder: driver::adder::Npi as driver::Provider { capacity: 0, policy: any },
    }
}

fn main() {}
