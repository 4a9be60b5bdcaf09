mod driver;

nmr::driver! {
    pub driver Sample {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
        system: nmr::host::Host<nmr_sim::World>,
        log_level: "info",
        start: "Sample::start",
        client adder: driver::adder::Npi as driver::Provider { capacity: 4, policy: "one", activate: true, needs: clock },
        client clock: driver::adder::Npi { capacity: 1 },
        provider sums: driver::adder::Npi as driver::Client,
    }
}

fn main() {}
