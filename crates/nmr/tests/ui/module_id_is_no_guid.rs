mod driver;

nmr::driver! {
    pub driver Sample {
        module_id: "{5e6a5f0e}",
        client adder: driver::adder::Npi as Provider { capacity: 4 },
    }
}

fn main() {}
