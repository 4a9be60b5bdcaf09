//! What the program writes: one measured value a line, as JSON. What it should be is not known here.

use serde::Serialize;

/// One measured value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measurement {
    /// What was measured, stable between versions.
    pub figure: String,
    /// The value.
    pub value: f64,
    /// The unit of the value.
    pub unit: &'static str,
}

impl Measurement {
    /// `value` of `figure` in `unit`.
    pub fn new(figure: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { figure: figure.into(), value, unit }
    }
}

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Enough to see that everything works, and the order of magnitude.
    Quick,
    /// Enough to quote.
    Full,
}

impl Effort {
    /// How often everything is repeated.
    pub const fn repetitions(self, quick: usize, full: usize) -> usize {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}
