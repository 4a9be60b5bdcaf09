//! Three contracts: Echo, Clock and Relay. Client and provider teams share this crate, and need nothing else of each
//! other.
#![no_std]
#![forbid(unsafe_code)]

/// Echo gives back what it is given.
#[nmr::npi(id = "c1b6a3b2-5d0f-4c39-9a77-3b1f0e6d2a41", version = 1)]
pub mod echo {
    /// What a provider of Echo serves to its clients.
    pub trait Provider {
        /// Gives `value` back. IRQL <= DISPATCH_LEVEL.
        fn echo(&self, value: u64) -> u64;
    }
}

/// Clock counts, and tells its clients that it is going.
#[nmr::npi(id = "8f0d5b0e-0c52-4f43-8a55-6a1c8f0d7e12", version = 1)]
pub mod clock {
    /// What a provider of Clock serves to its clients.
    pub trait Provider {
        /// A number that is higher at each call, by whichever client. IRQL <= DISPATCH_LEVEL.
        fn ticks(&self) -> u64;
    }

    /// What a client of Clock serves to its providers.
    pub trait Client {
        /// The provider has counted `ticks` so far. IRQL <= DISPATCH_LEVEL.
        fn ticked(&self, ticks: u64);
    }
}

/// Relay passes a value on to whoever serves Echo.
#[nmr::npi(id = "2f9a1c57-7b0e-4c6e-bf0a-91d7a1f2b3c4", version = 1)]
pub mod relay {
    /// What a provider of Relay serves to its clients.
    pub trait Provider {
        /// Gives `value` back by way of Echo. IRQL <= DISPATCH_LEVEL.
        ///
        /// # Errors
        /// STATUS_DEVICE_NOT_READY when Echo is not there.
        fn relay(&self, value: u64) -> nmr::Result<u64>;
    }
}
