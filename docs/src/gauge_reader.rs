//! The client of the first chapter: `drivers/gauge-reader/src/lib.rs`.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use gauge_npi::gauge::{self, Provider as _};
use nmr::{AtMostDispatch, AtPassive, ClientBinding, MayWait, Offer, OwnThread, Refusal};

nmr::driver! {
    /// Reads the first level a hundred times a second.
    pub driver GaugeReader {
        module_id: "b3c0f6de-6f2a-4b0e-8d51-2c9a3f0e7713",
        state: LastLevel = LastLevel(AtomicU32::new(0)),
        threads: 1,
        start: GaugeReader::start,

        client gauge: gauge::Npi as Meter { capacity: 4 },
    }
}

/// What was read last.
#[derive(Debug)]
pub struct LastLevel(pub AtomicU32);

impl GaugeReader {
    fn start(&'static self, at: &MayWait<'_>) -> nmr::Result<()> {
        self.threads.spawn(at, self, Self::read)
    }

    fn read(&'static self, thread: &mut OwnThread<'_, Self>) {
        while thread.sleep(Duration::from_millis(10)) {
            let Some(meter) = self.gauge.oldest_peer() else { continue };
            if let Ok(level) = meter.level(0) {
                self.state.0.store(level, Ordering::Relaxed);
            }
        }
    }
}

/// A provider of Gauge: one value for each that the driver is attached to.
#[derive(Debug)]
pub struct Meter {
    driver: &'static GaugeReader,
}

impl ClientBinding for Meter {
    type Driver = GaugeReader;
    type Npi = gauge::Npi;

    fn attach(driver: &'static GaugeReader, meter: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        if meter.number() != 0 {
            return Err(Refusal::because("only the first meter of a module is read"));
        }
        Ok(Self { driver })
    }

    fn closing(&self, _: &AtMostDispatch<'_>) {
        self.driver.state.0.store(0, Ordering::Relaxed);
    }
}
