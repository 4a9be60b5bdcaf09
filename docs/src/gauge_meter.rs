//! The provider of the first chapter: `drivers/gauge-meter/src/lib.rs`.

use gauge_npi::gauge;
use nmr::{AtPassive, Error, Offer, ProviderBinding, Refusal};

nmr::driver! {
    /// Measures three levels.
    pub driver GaugeMeter {
        module_id: "b3c0f6de-6f2a-4b0e-8d51-2c9a3f0e7712",

        provider gauge: gauge::Npi as Reader { capacity: 8 },
    }
}

/// A client of Gauge: one value for each driver that is attached.
#[derive(Debug)]
pub struct Reader;

impl ProviderBinding for Reader {
    type Driver = GaugeMeter;
    type Npi = gauge::Npi;

    fn attach(_: &'static GaugeMeter, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl gauge::Provider for Reader {
    fn level(&self, of: u32) -> nmr::Result<u32> {
        [250, 500, 750].get(of as usize).copied().ok_or(Error::INVALID_PARAMETER)
    }
}
