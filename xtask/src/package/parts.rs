//! What a bundle is made from: built images and what is said of them.

use super::components::Component;
use crate::architecture::Architecture;
use crate::moment::Moment;

/// Where the program for the target machine lies.
pub(super) const NMRCTL: &str = "nmrctl.exe";

/// Everything a bundle is made from.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) architecture: Architecture,
    pub(crate) revision: Option<String>,
    pub(crate) modified: bool,
    pub(crate) toolchain: String,
    pub(crate) moment: Moment,
    /// The program for the target machine, unsigned.
    pub(crate) nmrctl: Vec<u8>,
    pub(crate) drivers: Vec<DriverParts>,
    /// The packages that the images are made of.
    pub(crate) components: Vec<Component>,
}

impl Parts {
    /// The names of all images.
    pub(super) fn images(&self) -> impl Iterator<Item = &str> {
        self.drivers.iter().map(|driver| driver.image_name.as_str()).chain([NMRCTL])
    }
}

/// Everything one driver's package is made from.
#[derive(Clone, Debug)]
pub(crate) struct DriverParts {
    pub(crate) name: String,
    /// The `.inx` file's name, for messages.
    pub(crate) inx_name: String,
    pub(crate) inx: Vec<u8>,
    /// The image's file name.
    pub(crate) image_name: String,
    /// The image, unsigned.
    pub(crate) image: Vec<u8>,
    pub(crate) symbols: Vec<u8>,
}
