//! The contract of the first chapter: `drivers/gauge-npi/src/lib.rs`.

/// Gauge measures levels.
#[nmr::npi(id = "b3c0f6de-6f2a-4b0e-8d51-2c9a3f0e7711", version = 1)]
pub mod gauge {
    /// What a provider of Gauge serves to its clients.
    pub trait Provider {
        /// The level of sensor `of`, in thousandths. IRQL <= DISPATCH_LEVEL.
        ///
        /// # Errors
        /// STATUS_INVALID_PARAMETER for a sensor that is not there.
        fn level(&self, of: u32) -> nmr::Result<u32>;
    }
}
