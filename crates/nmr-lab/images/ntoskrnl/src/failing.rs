//! NmrDeregister* and NmrWaitFor*DeregisterComplete, as NETIO.SYS has them; but where the settings say so they fail,
//! without NETIO.SYS being asked. No NMR is known to do that, so this is the only place where a driver can be seen to
//! bear it.

#![expect(unsafe_code, reason = "implements routines that drivers call with handles of theirs")]

use std::ffi::c_void;

use crate::{images, report, settings, thread, wine};

/// STATUS_UNSUCCESSFUL.
const FAILURE: i32 = 0xc000_0001_u32 as i32;

/// Whether the routine is to fail for the driver that has called it.
fn fails(routine: &str) -> bool {
    let Some(image) = images::of(thread::caller()) else { return false };
    let fails = settings::get().fails(&image.name, routine);
    if fails {
        report::line(format_args!("failed driver={} routine={routine} status={FAILURE:#x}", image.name));
    }
    fails
}

macro_rules! may_fail {
    ($($name:ident = $routine:literal;)*) => {$(
        #[doc = concat!("`", $routine, "`.")]
        ///
        /// # Safety
        /// As for the routine of NETIO.SYS.
        pub(crate) unsafe extern "system" fn $name(handle: *mut c_void) -> i32 {
            if fails($routine) {
                return FAILURE;
            }
            // SAFETY: the contract of this function.
            unsafe { wine::$name(handle) }
        }
    )*};
}

may_fail! {
    deregister_client = "NmrDeregisterClient";
    deregister_provider = "NmrDeregisterProvider";
    wait_for_client = "NmrWaitForClientDeregisterComplete";
    wait_for_provider = "NmrWaitForProviderDeregisterComplete";
}
