//! How the lab is set up, as its maker wrote it into a file of the machine.

use std::sync::OnceLock;

/// The file.
const FILE: &str = r"C:\nmr-lab.settings";
/// As many virtual processors as a desk has at least.
const PROCESSORS: u32 = 2;
/// Virtual processors there can be at most.
const MOST_PROCESSORS: u32 = 64;

/// How the lab is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Virtual processors.
    pub(crate) processors: u32,
    /// What SeTokenIsAdmin answers.
    pub(crate) administrator: bool,
    /// Whether event tracing is on: drivers that register are told so, and write.
    pub(crate) tracing: bool,
    /// For how long Unload waits for the last handle of a control device to close, in milliseconds.
    pub(crate) handle_wait: u64,
    /// Which routines of NETIO.SYS fail: the driver's image, and the routine.
    pub(crate) failing: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            processors: PROCESSORS,
            administrator: true,
            tracing: true,
            handle_wait: 20_000,
            failing: Vec::new(),
        }
    }
}

impl Settings {
    /// Reads lines of the form `name=value`. A line that is not understood is an error, and said.
    fn parse(text: &str) -> Result<Self, String> {
        let mut settings = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let wrong = || format!("{FILE}: `{line}` is not understood");
            let (name, value) = line.split_once('=').ok_or_else(wrong)?;
            match (name.trim(), value.trim()) {
                ("processors", value) => {
                    let count = value.parse().ok().filter(|count| (1..=MOST_PROCESSORS).contains(count));
                    settings.processors = count.ok_or_else(wrong)?;
                }
                ("administrator", value) => settings.administrator = value.parse().map_err(|_| wrong())?,
                ("tracing", value) => settings.tracing = value.parse().map_err(|_| wrong())?,
                ("handle-wait", value) => settings.handle_wait = value.parse().map_err(|_| wrong())?,
                ("fails", value) => {
                    let (driver, routine) = value.split_once(' ').ok_or_else(wrong)?;
                    settings.failing.push((driver.to_owned(), routine.to_owned()));
                }
                _ => return Err(wrong()),
            }
        }
        Ok(settings)
    }

    /// Whether `routine` is to fail for `driver`.
    pub(crate) fn fails(&self, driver: &str, routine: &str) -> bool {
        let is_it = |(image, name): &(String, String)| image.eq_ignore_ascii_case(driver) && name == routine;
        self.failing.iter().any(is_it)
    }
}

/// The settings; read when they are first asked for.
pub(crate) fn get() -> &'static Settings {
    static SETTINGS: OnceLock<Settings> = OnceLock::new();
    SETTINGS.get_or_init(|| {
        let text = std::fs::read_to_string(FILE).unwrap_or_default();
        Settings::parse(&text).unwrap_or_else(|wrong| {
            #[cfg(windows)]
            crate::report::line(format_args!("violation: driver=none at=none text={wrong}"));
            #[cfg(not(windows))]
            drop(wrong);
            Settings::default()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_as_always() {
        assert_eq!(Settings::parse("").unwrap(), Settings::default());
        let settings = Settings::parse("processors=4\r\nadministrator=false\n\n tracing = false\n").unwrap();
        let expected =
            Settings { processors: 4, administrator: false, tracing: false, ..Settings::default() };
        assert_eq!(settings, expected);
    }

    #[test]
    fn a_routine_fails_for_the_driver_that_is_named() {
        let settings = Settings::parse("fails=a.sys NmrDeregisterClient\n").unwrap();
        assert!(settings.fails("A.sys", "NmrDeregisterClient"));
        assert!(!settings.fails("b.sys", "NmrDeregisterClient"));
        assert!(!settings.fails("a.sys", "NmrDeregisterProvider"));
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for line in
            ["processors=0", "processors=65", "processors", "administrator=1", "colour=red", "fails=a.sys"]
        {
            assert!(Settings::parse(line).unwrap_err().contains(line), "{line}");
        }
    }
}
