//! A panic in a function that a peer calls ends the process there: nothing unwinds through C. In the kernel the panic
//! handler stops the machine before.

use super::attached;
use super::awkward::Provider as _;
use std::process::Command;

/// Set in the process that is to end.
const CHILD: &str = "NMR_TEST_PANICS_IN_A_THUNK";

#[test]
fn a_panic_ends_the_process_with_its_message() {
    if std::env::var_os(CHILD).is_some() {
        attached(|_, visitor| {
            let provider = visitor.awkward.oldest_peer().expect("attached");
            let _ = provider.status(super::drivers::FORBIDDEN);
        });
        unreachable!("the call does not return");
    }
    let this = std::env::current_exe().expect("a test runs from a file");
    let child = Command::new(this)
        .args(["--exact", "panics::a_panic_ends_the_process_with_its_message", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("this program starts");
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(said.contains("nobody asks for this site"), "the message is told: {said}");
    assert!(said.contains("cannot unwind"), "nothing unwinds into the peer: {said}");
    assert!(
        !said.contains("does not return") && child.status.code().is_none(),
        "aborted: {:?}",
        child.status
    );
}
