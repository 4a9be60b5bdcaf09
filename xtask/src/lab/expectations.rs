//! What the lab expects the drivers to say: the one place that knows their words.

use std::time::Duration;

use regex::{Captures, Regex};

/// The drivers that the lab exercises; a bundle must have them.
pub(super) const DRIVERS: [&str; 3] = ["echo-provider", "composite", "echo-client"];

/// DriverEntry must have returned by then.
pub(super) const LOAD_LIMIT: Duration = Duration::from_secs(20);
/// DriverUnload must have returned by then.
pub(super) const UNLOAD_LIMIT: Duration = Duration::from_secs(30);
/// After all drivers are loaded, calls must flow through both ways by then.
pub(super) const TRAFFIC_LIMIT: Duration = Duration::from_secs(20);

/// What echo-client says about its calls, again and again and once more when it stops; the peers of the soak when they
/// stop.
pub(super) const TRAFFIC: &str = r"^[a-z-]+: (?<when>progress|stop): echoed (?<echoed>\d+) relayed (?<relayed>\d+) not_relayed (?<not_relayed>\d+) wrong (?<wrong>\d+)";

/// What nmr-sim says when a module breaks a rule of NMR, and the kernel when a driver breaks one of its own.
pub(super) const VIOLATION: &str = r"^nmr-sim: VIOLATION |^nmr-lab: violation: ";

/// What the lab's kernel says when a driver comes.
pub(super) const LOADED: &str = r"^nmr-lab: loaded driver=\S+ base=(?<base>\S+)";
/// What the lab's kernel says when a driver has gone.
pub(super) const UNLOADED: &str = r"^nmr-lab: unloaded driver=\S+ blocks=(?<blocks>\d+)";

/// What the framework's panic handler says.
pub(super) const PANIC: &str = r"^nmr: panic at (?<file>.+?):(?<line>\d+):(?<column>\d+): (?<message>.*)$";

/// A pattern of this file.
pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("the patterns of this file are tested: {error}"))
}

/// The number in group `name`; 0 for one that does not fit, which no count here comes near.
pub(super) fn number(captures: &Captures<'_>, name: &str) -> u64 {
    captures.name(name).and_then(|found| found.as_str().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_client_are_understood() {
        let line = "echo-client: progress: echoed 12000 relayed 831 not_relayed 4 wrong 0";
        let traffic = pattern(TRAFFIC);
        let captures = traffic.captures(line).unwrap();
        assert_eq!(&captures["when"], "progress");
        let counts = ["echoed", "relayed", "not_relayed", "wrong"].map(|name| number(&captures, name));
        assert_eq!(counts, [12000, 831, 4, 0]);
    }

    #[test]
    fn a_panic_gives_file_and_line() {
        let line = r"nmr: panic at crates/nmr-lab/images/panic-probe/src/lib.rs:12:5: on purpose: 1:2";
        let panic = pattern(PANIC);
        let captures = panic.captures(line).unwrap();
        assert_eq!(&captures["file"], "crates/nmr-lab/images/panic-probe/src/lib.rs");
        assert_eq!((number(&captures, "line"), &captures["message"]), (12, "on purpose: 1:2"));
    }

    #[test]
    fn a_violation_is_told_from_an_event() {
        assert!(
            pattern(VIOLATION).is_match("nmr-sim: VIOLATION 4 rule=null-pointer text=a client registers")
        );
        assert!(pattern(VIOLATION).is_match("nmr-lab: violation: driver=a.sys at=a.sys+0x1 text=leaks"));
        assert!(!pattern(VIOLATION).is_match("nmr-sim: 4 registered side=client"));
        assert!(!pattern(VIOLATION).is_match("nmr-lab: unloaded driver=a.sys blocks=0 leaked=0"));
    }
}
