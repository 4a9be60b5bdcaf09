//! Who the lab says that a caller is.

use std::ffi::c_void;

use crate::settings;

/// `SeTokenIsAdmin`: what the settings say, whoever asks.
pub(crate) extern "system" fn token_is_admin(_token: *const c_void) -> u8 {
    u8::from(settings::get().administrator)
}
