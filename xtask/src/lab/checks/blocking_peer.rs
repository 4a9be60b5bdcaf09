//! Does a peer that blocks in its detach callback hold up nobody but itself? And is the control device shut meanwhile?

use anyhow::{Context as _, Result, ensure};

use super::super::peers::HANGS;
use super::{COMPOSITE, SOON, Scene};

/// Clock, which the composite driver is a client of, besides Echo.
const CLOCK: &str = "8f0d5b0e-0c52-4f43-8a55-6a1c8f0d7e12";
/// What the lab answers whoever opens a device of a driver whose stop was asked for.
const ERROR_NO_SUCH_DEVICE: u32 = 433;

/// Unloads the driver while a peer blocks in the detach callback of one of two registrations of the same stage.
pub(super) fn run(scene: &Scene<'_>) -> Result<String> {
    scene.load(&[HANGS.name, "echo-provider", COMPOSITE.service])?;
    scene.while_unload_waits(COMPOSITE, || {
        scene.await_line(r"^nmr: Composite: a peer blocks; 1 helpers for the rest$")?;
        // While the peer blocks still: it is told to go on only after this.
        scene.await_line(&format!(r"^nmr-sim: \d+ deregister side=client .* npi={CLOCK} "))?;
        ensure_shut(scene)
    })?;
    scene.unload(&["echo-provider", HANGS.name])?;
    Ok("helpers overtook a peer that blocked in its detach callback, and the control device was shut"
        .to_owned())
}

/// The stop was asked for: whoever opens the device now gets nothing from the driver.
fn ensure_shut(scene: &Scene<'_>) -> Result<()> {
    let answer = scene.nmrctl.ask(&["attachments", COMPOSITE.service], SOON)?;
    let failure = answer
        .error
        .context("the control device answered while Unload ran; Windows would not have opened it")?;
    ensure!(
        failure.win32 == Some(ERROR_NO_SUCH_DEVICE),
        "the control device was not opened because of {failure}"
    );
    Ok(())
}
