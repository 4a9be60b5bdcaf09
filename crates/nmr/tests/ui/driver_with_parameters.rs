nmr::driver! {
    pub driver Sample<T> {
        module_id: "5e6a5f0e-6f4b-4e58-8f6e-0d4f5a3c2b10",
    }
}

fn main() {}
