//! A driver with the default policy for failures of NMR: the lab has NMR fail, and looks for the stop. Its DriverEntry and
//! Unload are its own, as a KMDF driver's would be.
#![cfg_attr(nmr_driver, no_std)]
#![allow(unsafe_code, reason = "DriverEntry and Unload are called by the I/O manager, with its pointers")]

use echo_npi::echo;
use nmr::{AtPassive, ClientBinding, Offer, Refusal};

nmr::driver! {
    /// Stops the machine when a registration cannot be given back.
    pub driver FailureStops {
        module_id: "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0afe",
        entry: own,

        client echo: echo::Npi as EchoProvider { capacity: 1 },
    }
}

/// Never attached: nobody provides Echo where the lab loads the driver.
#[derive(Debug)]
pub struct EchoProvider;

impl ClientBinding for EchoProvider {
    type Driver = FailureStops;
    type Npi = echo::Npi;

    fn attach(_: &'static FailureStops, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

#[cfg(nmr_driver)]
mod entry {
    use super::FailureStops;
    use nmr::Status;
    use nmr_wdk::entry::{DriverObject, UnicodeString};

    #[unsafe(export_name = "DriverEntry")]
    unsafe extern "system" fn driver_entry(
        driver_object: *mut DriverObject,
        registry_path: *const UnicodeString,
    ) -> Status {
        // SAFETY: the I/O manager gives DriverEntry its own driver object to fill in.
        unsafe { (*driver_object).DriverUnload = Some(unload) };
        // SAFETY: called here and nowhere else, with what DriverEntry was given.
        unsafe { FailureStops::start_driver(driver_object, registry_path) }
    }

    unsafe extern "C" fn unload(_: *mut DriverObject) {
        // SAFETY: the I/O manager calls Unload once, after DriverEntry has succeeded.
        unsafe { FailureStops::stop_driver() }
    }
}
