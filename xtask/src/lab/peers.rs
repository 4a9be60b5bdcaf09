//! The C peers: one source, compiled to several drivers.

use std::path::PathBuf;

use anyhow::Result;
use nmr_lab::{Lab, c_driver};

use crate::context::Context;

/// Where the sources of the peers are, below the workspace.
const FOLDER: &str = "crates/nmr-lab/soak";

/// A C peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// The name of its service.
    pub(super) name: &'static str,
    /// How the source is compiled to it.
    definitions: &'static [&'static str],
}

/// Those that come and go in a soak.
pub(super) const SOAK: [Peer; 3] = [
    Peer { name: "peer", definitions: &["PEER=\"peer\""] },
    Peer { name: "peer-stalls", definitions: &["PEER=\"peer-stalls\"", "STALLS=1"] },
    Peer { name: "peer-blocks", definitions: &["PEER=\"peer-blocks\"", "BLOCKS=1"] },
];

/// Completes detaches, and returns from calls of its Echo, when it is told to.
pub(super) const HOLDS: Peer =
    Peer { name: "peer-holds", definitions: &["PEER=\"peer-holds\"", "STALLS=1", "HOLDS=1"] };
/// The module id of [`HOLDS`].
pub(super) const HOLDS_ID: &str = "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0b07";

/// Provides Echo, and returns from its detach callback when it is told to.
pub(super) const HANGS: Peer =
    Peer { name: "peer-hangs", definitions: &["PEER=\"peer-hangs\"", "BLOCKS=1", "HOLDS=1", "TAKES=4"] };
/// The module id of [`HANGS`].
pub(super) const HANGS_ID: &str = "a4b1e6d0-6d2b-4f0e-9f3e-2f7c5f3b0b06";

/// The file on drive C: that tells the last two to go on.
pub(super) const RELEASE: &str = "lab/release";

impl Peer {
    /// Compiles the peer and makes it a driver of the lab.
    pub(super) fn add(self, context: &Context, lab: &Lab) -> Result<()> {
        let image = lab.folder().join(format!("{}.sys", self.name));
        c_driver::compile(&source(context, "peer.c"), &image, self.definitions)?;
        lab.add_driver(self.name, &image)?;
        Ok(())
    }
}

/// A file beside the peers' source.
pub(super) fn source(context: &Context, file: &str) -> PathBuf {
    context.workspace.join(FOLDER).join(file)
}
