mod driver;

nmr::driver! {
    pub driver Sample {
        identity: 3,
    }
}

fn main() {}
