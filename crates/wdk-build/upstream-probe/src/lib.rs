//! Builds and links the unmodified upstream wdk crates through the drop-in: a driver that loads, allocates, prints and
//! unloads. No driver of this workspace needs what it proves; a user of the drop-in may. On a host it is empty.
#![cfg_attr(nmr_driver, no_std)]

#[cfg(nmr_driver)]
mod driver;
