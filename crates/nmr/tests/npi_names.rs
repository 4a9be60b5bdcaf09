//! A contract may use any names, those of the macro's own locals included.

/// Every name that the generated code uses somewhere.
#[nmr::npi(id = "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d03", version = 1)]
pub mod awkward {
    /// A type that generic parameters are often called.
    #[derive(Debug)]
    pub struct B;

    /// Awkward functions.
    pub trait Provider {
        /// Weighs its arguments, so that none can be taken for another.
        ///
        /// # Errors
        /// Never.
        fn result(&self, context: u32, binding: u32, out: u32, result: u32, table: u32) -> nmr::Result<u32>;
        /// Answers by value.
        fn context(&self, context: u32) -> u32;
        /// A name of the table's own making.
        fn version(&self, size: u32) -> u32;
        /// Words of Rust.
        ///
        /// # Errors
        /// Never.
        #[deprecated = "since it is awkward"]
        fn r#type(&self, r#in: &[u8], r#fn: u32) -> nmr::Result<u32>;
    }
}

nmr::driver! {
    /// Provides Awkward.
    pub driver Scales {
        module_id: "0b9a6e0c-0c1d-4a57-8b0a-4b8e4f7c1d04",
        system: nmr::host::Host<nmr_sim::World>,

        provider r#match: awkward::Npi as Weigher { capacity: 1 },
    }
}

/// A client of Awkward.
#[derive(Debug)]
pub struct Weigher;

impl nmr::ProviderBinding for Weigher {
    type Driver = Scales;
    type Npi = awkward::Npi;

    fn attach(_: &'static Scales, _: &nmr::Offer<'_>, _: &nmr::AtPassive<'_>) -> Result<Self, nmr::Refusal> {
        Ok(Self)
    }
}

impl awkward::Provider for Weigher {
    fn result(&self, context: u32, binding: u32, out: u32, result: u32, table: u32) -> nmr::Result<u32> {
        Ok(context + 10 * binding + 100 * out + 1_000 * result + 10_000 * table)
    }

    fn context(&self, context: u32) -> u32 {
        context + 1
    }

    fn version(&self, size: u32) -> u32 {
        size + 2
    }

    fn r#type(&self, r#in: &[u8], r#fn: u32) -> nmr::Result<u32> {
        Ok(u32::from(r#in[0]) + r#fn)
    }
}

#[test]
#[expect(unsafe_code, reason = "stands in for NMR, which hands table and context over")]
fn any_names_will_do() {
    use awkward::Provider as _;
    use nmr::PeerCalls as _;
    #[repr(align(64))]
    struct Slot(Weigher);
    static SLOT: Slot = Slot(Weigher);
    let context = core::ptr::from_ref(&SLOT.0).cast_mut().cast();
    let table = <awkward::Npi as nmr::ProviderTable<Weigher>>::provider_table(1);
    // SAFETY: the table serves a `Weigher`, which is where the context points to, for ever.
    let calls = unsafe { awkward::ProviderCalls::accept(context, table) }.expect("our own table");
    assert_eq!(calls.result(1, 2, 3, 4, 5), Ok(54_321));
    assert_eq!(calls.context(41), 42);
    assert_eq!(awkward::Provider::version(&calls, 41), 43);
    #[expect(deprecated)]
    let summed = calls.r#type(&[1, 2], 3);
    assert_eq!(summed, Ok(4));
    assert_eq!(<Scales as nmr::Driver>::OPTIONS[0].name, "match", "as it is read, not as Rust writes it");
}
