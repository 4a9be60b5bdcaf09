//! Reads what callgrind writes: how often each instruction of the program was executed.
//!
//! The format is documented in Valgrind's manual, "Callgrind Format Specification". Names and positions are asked for
//! uncompressed, and one cost: `Ir`, instructions read.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};

/// Executed instructions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// In all of the process.
    pub(super) total: u64,
    /// By address, in the program itself and not in its libraries.
    pub(super) by_address: BTreeMap<u64, u64>,
}

/// Reads the text of a profile of `program`.
pub(super) fn parse(text: &str, program: &str) -> Result<Profile> {
    let mut profile = Profile::default();
    let mut in_program = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(total) = line.strip_prefix("summary:") {
            profile.total = total.trim().parse().with_context(|| format!("not a total: {line}"))?;
        } else if let Some(object) = line.strip_prefix("ob=") {
            in_program = object == program;
        } else if line.starts_with("calls=") {
            // The next line has the cost of what was called, which stands where that was executed.
            lines.next();
        } else if line.starts_with("0x") && in_program {
            let (address, count) = cost(line).with_context(|| format!("not a cost: {line}"))?;
            *profile.by_address.entry(address).or_default() += count;
        }
    }
    Ok(profile)
}

fn cost(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split(' ');
    let address = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    Some((address, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# callgrind format
positions: instr
events: Ir
summary: 47028

ob=/lib/libc.so.6
fn=memcpy
0x27300 5

ob=/bin/program
fn=main
cob=/lib/libc.so.6
cfn=memcpy
calls=3 0x27300
0x1010 15
0x1010 3
0x1013 3
fn=other
0x1013 4
";

    #[test]
    fn what_callees_cost_is_counted_once_and_libraries_not_at_all() {
        let profile = parse(TEXT, "/bin/program").unwrap();
        assert_eq!(profile.total, 47028);
        assert_eq!(profile.by_address, BTreeMap::from([(0x1010, 3), (0x1013, 7)]));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        let error = parse("ob=/a\n0x10 many\n", "/a").unwrap_err().to_string();
        assert_eq!(error, "not a cost: 0x10 many");
        assert!(parse("summary: -\n", "/a").is_err());
    }
}
