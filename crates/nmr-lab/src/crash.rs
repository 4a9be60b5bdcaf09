//! How a crash shows: a line in the log, a backtrace in a file, a process that is gone.

use std::fs;
use std::path::Path;

use crate::log::Line;
use crate::processes::LabProcess;

/// Parts of lines that Wine writes when something in the machine has gone wrong for good.
const SIGNS: [&str; 10] = [
    "Unhandled page fault",
    "Unhandled exception",
    "Unhandled illegal instruction",
    "Unhandled stack overflow",
    "Unhandled division",
    "unimplemented function",
    "KeBugCheckEx",
    "service protocol error",
    "err:heap",
    "debug buffer overflow",
];

/// What Wine says when there is no screen, no menu and no desktop: always, and of no interest.
const CHATTER: [&str; 4] = [
    "err:winediag:",
    "err:win:get_desktop_window",
    "err:wineboot:process_run_key",
    "err:wineboot:ProcessStartupItems",
];

/// Whether `line` is of no interest.
#[must_use]
pub fn is_chatter(line: &Line) -> bool {
    CHATTER.iter().any(|start| line.text.starts_with(start))
}

/// Whether `line` tells of a crash.
#[must_use]
pub fn is_sign(line: &Line) -> bool {
    // What a driver says about others' crashes is no crash.
    let by_wine = line.time.is_empty() || line.text.starts_with("err:") || line.text.starts_with("warn:");
    by_wine && SIGNS.iter().any(|sign| line.text.contains(sign))
}

/// Whether `line` tells that a driver has broken a rule of the kernel.
#[must_use]
pub fn is_violation(line: &Line) -> bool {
    line.text.starts_with("nmr-lab: violation: ")
}

/// The backtraces that the debugger wrote so far; empty if there was no fault.
#[must_use]
pub fn backtraces(drive: &Path) -> String {
    let bytes = fs::read(drive.join(crate::settings::CRASH_LOG)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The driver hosts of `before` that are not among `now`.
#[must_use]
pub fn vanished<'a>(before: &'a [LabProcess], now: &[LabProcess]) -> Vec<&'a LabProcess> {
    before.iter().filter(|process| process.is_driver_host() && !now.contains(process)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(time: &str, text: &str) -> Line {
        Line { time: time.to_owned(), thread: String::new(), text: text.to_owned() }
    }

    #[test]
    fn crashes_are_told_from_chatter() {
        let fault = "wine: Unhandled page fault on write access to 0000000000000030 at address 0000000247971 (thread 0148), starting debugger...";
        assert!(is_sign(&line("", fault)));
        assert!(is_sign(&line("1.0", "err:ntoskrnl:KeBugCheckEx e2 1 2 3 4")));
        assert!(is_sign(&line("1.0", "err:heap:validate_used_block invalid block tail")));
        assert!(is_sign(&line("1.0", "err:seh:NtRaiseException Unhandled exception code c0000409")));
        assert!(!is_sign(&line("1.0", "echo-client: no KeBugCheckEx was called")));
        assert!(!is_sign(&line(
            "1.0",
            "err:winediag:nodrv_CreateWindow Application tried to create a window"
        )));
    }

    #[test]
    fn only_driver_hosts_can_vanish() {
        let process = |pid, command: &str| LabProcess { pid, command: command.to_owned() };
        let before = [process(1, r"C:\windows\system32\winedevice.exe"), process(2, "cmd.exe")];
        assert_eq!(vanished(&before, &before[1..]), [&before[0]]);
        assert!(vanished(&before, &before[..1]).is_empty());
    }
}
