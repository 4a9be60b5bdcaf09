//! Is a peer that does not complete its detach named while Unload waits for it, in the log and in the registry?

use anyhow::{Result, ensure};

use super::super::peers::{HOLDS, HOLDS_ID};
use super::{CLIENT, Scene, ensure_in_log, unload_blocker};

const HELD_UP: &str = "^nmr: EchoClient: unload is held up by ";

/// Unloads the driver while a peer holds detaches, and a call, for longer than the watchdog's period.
pub(super) fn run(scene: &Scene<'_>) -> Result<String> {
    scene.load(&[HOLDS.name, CLIENT.service])?;
    let named = scene.while_unload_waits(CLIENT, || {
        // Unload waits for this one, whose call has not returned.
        let called = named("echo", "[1-9]");
        let called =
            scene.await_line(&format!("{called}; unload waits for its registrations, .* 2 in all$"))?;
        // And has yet to wait for this one, where nobody but the peer is late.
        scene.await_line(&format!("{}$", named("relay", "0")))?;
        let value = unload_blocker(scene.lab, CLIENT.service)?;
        ensure_in_log(&scene.lines(HELD_UP)?, &value)?;
        Ok(called.text)
    })?;
    let value = unload_blocker(scene.lab, CLIENT.service)?;
    let over = value.starts_with("nmr: EchoClient: unloaded after ")
        && value.ends_with(" s; nothing holds it up any more");
    ensure!(over, "the driver is unloaded, and UnloadBlocker still says: {value}");
    scene.unload(&[HOLDS.name])?;
    Ok(named)
}

/// NPI, side, state, module id, calls in flight, age, callbacks.
fn named(npi: &str, calls: &str) -> String {
    let state = r"\[[a-zA-Z, ]+\]";
    format!(
        r"{HELD_UP}{npi} \(client of {npi}\): {state}: peer {HOLDS_ID} [a-z]+, {calls} calls in flight, bound for \d+ s, 0 callbacks running"
    )
}

#[cfg(test)]
mod tests {
    use super::super::super::expectations::pattern;
    use super::*;

    #[test]
    fn a_line_must_name_everything() {
        let line = format!(
            "nmr: EchoClient: unload is held up by echo (client of echo): [deregistered, not waited for]: peer {HOLDS_ID} draining, \
             1 calls in flight, bound for 10 s, 0 callbacks running"
        );
        assert!(pattern(&named("echo", "[1-9]")).is_match(&line));
        assert!(!pattern(&named("relay", "[1-9]")).is_match(&line));
        assert!(!pattern(&named("echo", "0")).is_match(&line));
        assert!(!pattern(&named("echo", "[1-9]")).is_match(&line.replace("bound for 10 s, ", "")));
    }
}
