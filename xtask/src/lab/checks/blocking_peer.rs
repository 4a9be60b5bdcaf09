//! Does a peer that blocks in its detach callback hold up nobody but itself: not the other peers, nor whoever asks for a
//! drain? And is the control device shut once Unload runs?

use anyhow::{Context as _, Result, ensure};
use nmrctl::failure::FailureCode;

use super::super::peers::{HANGS, HANGS_ID};
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
        await_other_peer(scene)?;
        ensure_shut(scene)
    })?;
    scene.unload(&["echo-provider", HANGS.name])?;
    Ok("helpers overtook a peer that blocked in its detach callback, and the control device was shut"
        .to_owned())
}

/// Drains and stops the driver while a peer blocks in the detach callback: who asks has an answer nevertheless, and can
/// ask again.
pub(super) fn drain(scene: &Scene<'_>) -> Result<String> {
    scene.load(&[HANGS.name, "echo-provider", COMPOSITE.service])?;
    for verb in ["drain", "stop", "drain"] {
        let answer = scene.nmrctl.ask(&[verb, COMPOSITE.service, "--timeout", "1"], SOON)?;
        let failure = answer.error.with_context(|| format!("{verb} succeeded, and a peer blocks"))?;
        let names_it = failure.message.contains("echo (client of ")
            && failure.message.contains(&format!("{HANGS_ID} is "));
        ensure!(
            failure.code == FailureCode::TimedOut && names_it,
            "{verb} does not name the peer {HANGS_ID} of echo: {failure}"
        );
    }
    await_other_peer(scene)?;
    scene.release()?;
    scene.unload(&[COMPOSITE.service, "echo-provider", HANGS.name])?;
    Ok("a drain whose peer blocked in its detach callback was answered at once, and named it".to_owned())
}

/// Waits until the registration is deregistered that the peer has nothing to do with.
fn await_other_peer(scene: &Scene<'_>) -> Result<()> {
    scene.await_line(&format!(r"^nmr-sim: \d+ deregister side=client .* npi={CLOCK} ")).map(drop)
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
