mod driver;

nmr::driver! {
    pub driver Sample {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
        system: nmr::host::Host<nmr_sim::World>,
        state: u32 = core::mem::transmute::<f32, u32>(1.0),
        client adder: driver::adder::Npi as Adder { capacity: 4 },
    }
}

struct Adder;

impl nmr::ClientBinding for Adder {
    type Driver = Sample;
    type Npi = driver::adder::Npi;

    fn attach(_: &'static Sample, _: &nmr::Offer<'_>, _: &nmr::AtPassive<'_>) -> Result<Self, nmr::Refusal> {
        Ok(Self)
    }
}

fn main() {}
