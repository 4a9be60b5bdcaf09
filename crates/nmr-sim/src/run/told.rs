//! What a run tells of itself.

use std::fmt;

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Performed {
    /// What the actions did, one line each: they begin, go on when others had their turn, and end.
    pub steps: Vec<String>,
    /// The choices, which repeat the run with [`Choices::replay`](crate::Choices::replay).
    pub choices: Vec<usize>,
}

impl fmt::Display for Performed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "choices {:?}", self.choices)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}

/// A moment of a run at which it is to be decided who goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The action that had the last turn; none before the first.
    pub last: Option<String>,
    /// The actions that have begun and not ended, in the order in which they were added.
    pub standing: Vec<Standing>,
}

/// Where an action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it is called.
    pub action: String,
    /// The [`Point`](crate::Point) of the world, the module's [`Run::pause`](crate::Run::pause), or `"waits"`, as it prints itself.
    pub place: String,
}
