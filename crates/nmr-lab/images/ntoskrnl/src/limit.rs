//! At which levels a routine may be called.

use std::fmt;

use crate::level::{self, APC, DISPATCH, Irql};

/// The documented limit of a routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Anywhere.
    Any,
    /// At this level or below.
    AtMost(Irql),
    /// At this level or above.
    AtLeast(Irql),
    /// APC_LEVEL or below; DISPATCH_LEVEL too if the parameter with this index points to a time of zero.
    Wait {
        /// Which parameter.
        timeout: usize,
    },
    /// DISPATCH_LEVEL or below; APC_LEVEL or below if the parameter with this index is TRUE: a wait follows.
    NoWaitAfter {
        /// Which parameter.
        wait: usize,
    },
    /// DISPATCH_LEVEL or below; APC_LEVEL or below if the first parameter has this bit: the pool is paged.
    Pool {
        /// Which bit.
        paged: usize,
    },
}

/// POOL_TYPE: the bit of all kinds of paged pool.
pub(crate) const PAGED_TYPE: usize = 1;
/// POOL_FLAG_PAGED.
pub(crate) const PAGED_FLAG: usize = 0x100;

/// What was exceeded, for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    words: &'static str,
    level: Irql,
    why: &'static str,
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.words, level::name(self.level), self.why)
    }
}

impl Limit {
    /// Whether a call at `level` with these parameters exceeds the limit.
    pub(crate) fn exceeded_by(self, level: Irql, argument: impl Fn(usize) -> usize) -> Option<Exceeded> {
        let at_most = |most, why| (level > most).then_some(Exceeded { words: "<=", level: most, why });
        match self {
            Self::Any => None,
            Self::AtMost(most) => at_most(most, ""),
            Self::AtLeast(least) => {
                (level < least).then_some(Exceeded { words: ">=", level: least, why: "" })
            }
            Self::Wait { .. } if level <= APC => None,
            Self::Wait { timeout } => {
                if is_zero(argument(timeout)) {
                    at_most(DISPATCH, "")
                } else {
                    at_most(APC, ",or-a-timeout-of-zero")
                }
            }
            Self::NoWaitAfter { .. } if level <= APC => None,
            Self::NoWaitAfter { wait } => {
                if argument(wait) & 0xff == 0 {
                    at_most(DISPATCH, "")
                } else {
                    at_most(APC, ",as-a-wait-follows")
                }
            }
            Self::Pool { .. } if level <= APC => None,
            Self::Pool { paged } => {
                if argument(0) & paged == 0 {
                    at_most(DISPATCH, "")
                } else {
                    at_most(APC, ",as-the-pool-is-paged")
                }
            }
        }
    }
}

/// Whether there is a time at this address, and it is zero.
#[expect(unsafe_code, reason = "reads a parameter of the driver's")]
fn is_zero(time: usize) -> bool {
    let time = std::ptr::with_exposed_provenance::<i64>(time);
    // SAFETY: NULL, or a LARGE_INTEGER of the caller's, as the wait routines demand.
    unsafe { time.as_ref() }.is_some_and(|time| *time == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{HIGH, PASSIVE};

    fn text(limit: Limit, level: Irql, argument: usize) -> Option<String> {
        limit.exceeded_by(level, |_| argument).map(|exceeded| exceeded.to_string())
    }

    #[test]
    fn levels_are_compared_with_the_limit() {
        assert_eq!(text(Limit::Any, HIGH, 0), None);
        assert_eq!(text(Limit::AtMost(PASSIVE), PASSIVE, 0), None);
        assert_eq!(text(Limit::AtMost(PASSIVE), APC, 0).unwrap(), "<=PASSIVE_LEVEL");
        assert_eq!(text(Limit::AtLeast(DISPATCH), APC, 0).unwrap(), ">=DISPATCH_LEVEL");
        assert_eq!(text(Limit::AtLeast(DISPATCH), DISPATCH, 0), None);
    }

    #[test]
    fn a_wait_at_dispatch_must_not_wait() {
        let wait = Limit::Wait { timeout: 4 };
        let (none, some) = (0_i64, -1_i64);
        let at = |time: &i64| (&raw const *time).expose_provenance();
        assert_eq!(text(wait, APC, 0), None);
        assert_eq!(text(wait, DISPATCH, at(&none)), None);
        assert_eq!(text(wait, DISPATCH, at(&some)).unwrap(), "<=APC_LEVEL,or-a-timeout-of-zero");
        assert_eq!(text(wait, DISPATCH, 0).unwrap(), "<=APC_LEVEL,or-a-timeout-of-zero");
        assert_eq!(text(wait, HIGH, at(&none)).unwrap(), "<=DISPATCH_LEVEL");
    }

    #[test]
    fn some_parameters_lower_the_limit() {
        let event = Limit::NoWaitAfter { wait: 2 };
        // A BOOLEAN is one byte; what stands above it in the register means nothing.
        assert_eq!(text(event, DISPATCH, 0xff00), None);
        assert_eq!(text(event, DISPATCH, 1).unwrap(), "<=APC_LEVEL,as-a-wait-follows");
        let pool = Limit::Pool { paged: PAGED_TYPE };
        assert_eq!(text(pool, DISPATCH, 512), None);
        assert_eq!(text(pool, DISPATCH, 1).unwrap(), "<=APC_LEVEL,as-the-pool-is-paged");
    }
}
