mod driver;

nmr::driver! {
    pub driver Sample {
        module_id: "nobody",
        client adder: driver::adder::Npi as Provider { capacity: 0, policy: any },
    }
}

fn main() {}
