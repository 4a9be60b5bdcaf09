//! The lists of three packages have exactly the bytes that are stored beside this file. They follow the format byte by
//! byte as public catalogs have it; a change of one is a change of what Windows reads.

use super::*;
use crate::catalog::write;
use crate::digest::hex;

#[track_caller]
fn is_stored(list: &TrustList, stored: &str) {
    let found = hex(&write(list).unwrap());
    let stored: String = stored.split_whitespace().collect();
    assert_eq!(found, stored);
}

#[test]
fn a_driver_of_devices_on_x64() {
    let list = list(&device(), "10_X64,10_RS3_ARM64", "device-x64.cat");
    is_stored(&list, include_str!("device-x64.hex"));
}

#[test]
fn a_primitive_driver() {
    is_stored(&list(&primitive(), "10_X64", "primitive.cat"), include_str!("primitive.hex"));
}

#[test]
fn a_driver_for_windows_7() {
    is_stored(&list(&primitive(), "Vista_X64,7_X64", "primitive.cat"), include_str!("windows-7.hex"));
}
