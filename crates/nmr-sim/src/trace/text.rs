//! A sequence diagram in letters.

use super::diagram::{Diagram, Row};
use std::fmt;

/// The least distance between two lifelines.
const LEAST: usize = 14;
/// What an arrow needs besides its text: lifeline, shaft and blank at each end, and the head.
const AROUND: usize = 7;
/// Where the first lifeline is.
const MARGIN: usize = 12;

impl fmt::Display for Diagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let distance = self.distance();
        let lifeline = |place: usize| MARGIN + place * distance;
        let mut head = Line::default();
        for (place, participant) in self.participants.iter().enumerate() {
            let name = participant.name();
            head.put(lifeline(place).saturating_sub(name.len() / 2), &name);
        }
        writeln!(f, "{head}")?;
        for row in &self.rows {
            let mut line = Line::default();
            line.put(0, &format!("{:>5}", row.sequence));
            for place in 0..self.participants.len() {
                line.put(lifeline(place), "|");
            }
            match row.arrow {
                Some((from, to)) => line.arrow(lifeline(from), lifeline(to), &row.text),
                None => line.put(lifeline(self.participants.len() - 1) + 4, &format!("* {}", row.text)),
            }
            writeln!(f, "{line}")?;
        }
        let described = self.participants.iter().filter(|participant| !participant.described.is_empty());
        described.into_iter().try_for_each(|one| writeln!(f, "{}: {}", one.name(), one.described))
    }
}

impl Diagram {
    /// The distance between two lifelines at which each text fits its arrow, and each name its lifeline.
    fn distance(&self) -> usize {
        let needs = |row: &Row| {
            let (from, to) = row.arrow?;
            Some((row.text.chars().count() + AROUND).div_ceil(from.abs_diff(to).max(1)))
        };
        let names = self.participants.iter().map(|participant| participant.name().len() + 2);
        self.rows.iter().filter_map(needs).chain(names).max().unwrap_or(LEAST).max(LEAST)
    }
}

/// A line that is written to out of order.
#[derive(Default)]
struct Line(Vec<char>);

impl Line {
    fn put(&mut self, at: usize, text: &str) {
        let end = at + text.chars().count();
        if self.0.len() < end {
            self.0.resize(end, ' ');
        }
        self.0.splice(at..end, text.chars());
    }

    /// An arrow with `text` in its middle.
    fn arrow(&mut self, from: usize, to: usize, text: &str) {
        let (left, right) = (from.min(to) + 1, from.max(to));
        self.put(left, &"-".repeat(right - left));
        let text = format!(" {text} ");
        let room = (right - left).saturating_sub(text.chars().count());
        self.put(left + room / 2, &text);
        if from < to { self.put(right - 1, ">") } else { self.put(left, "<") }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iter().collect::<String>().trim_end())
    }
}
