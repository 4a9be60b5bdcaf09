mod driver;

nmr::driver! {
    pub driver Sample {
        module_id: 5,
        system: nmr::host::Host<nmr_sim::World>,
        threads: many,
        colour: red,
        client adder: driver::adder::Npi as driver::Provider { capacity: 0, policy: any, speed: 9 },
        server other: driver::adder::Npi as driver::Client { capacity: 1 },
        provider third: driver::adder::Npi as driver::Client { capacity: 1, needs: [nobody] },
    }
}

// What is right is there all the same.
fn use_it(sample: &'static Sample) -> usize {
    sample.adder.bindings() + sample.third.bindings()
}

fn main() {}
