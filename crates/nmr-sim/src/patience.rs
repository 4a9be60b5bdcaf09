//! How long a wait may take before somebody hears of what holds it.

use std::time::Duration;

/// Is given the text that says what holds a wait, and how long it has waited, and answers how much longer the wait may
/// take before it is asked again; `None` for ever.
pub(crate) type Overdue = Box<dyn Fn(&str, Duration) -> Option<Duration> + Send + Sync>;

/// How long a wait may take.
#[derive(Default)]
pub(crate) enum Patience {
    /// As long as on Windows, which is for ever.
    #[default]
    Endless,
    /// It panics after this.
    Panics(Duration),
    /// After this somebody is asked.
    Asks(Duration, Overdue),
}

impl Patience {
    /// How long a wait goes on before [`Self::run_out`] is called; `None` for ever.
    pub(crate) fn first_stretch(&self) -> Option<Duration> {
        match self {
            Self::Endless => None,
            Self::Panics(limit) | Self::Asks(limit, _) => Some(*limit),
        }
    }

    /// A stretch is over; `text` says what holds the wait, which has `waited` so far: how much longer it may take.
    pub(crate) fn run_out(&self, text: &str, waited: Duration) -> Option<Duration> {
        match self {
            Self::Endless => None,
            Self::Panics(_) => panic!("{text}"),
            Self::Asks(_, overdue) => overdue(text, waited),
        }
    }
}
