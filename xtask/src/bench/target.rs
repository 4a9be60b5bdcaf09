//! The targets, and how figures are judged by them.

use super::Group;
use super::figure::{Figure, Measured};

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    AtMost(f64),
    AtLeast(f64),
    MoreThan(f64),
    /// At most so much more than another figure of the group.
    AtMostAbove(&'static str, f64),
}

/// A clock tick of Windows over the longest drain of the unload figures: what a monitor that looks once a tick may add.
const TICK: f64 = 15.625 / 50.0;

/// All targets. What is not in here is there to compare with.
const TARGETS: [(Group, &str, Limit); 36] = [
    (Group::Call, "sixteen_shards/1_thread", Limit::AtMost(12.0)),
    (Group::Call, "sixteen_shards/2_threads", Limit::AtMost(12.0)),
    (Group::Call, "sixteen_shards/scaling", Limit::AtLeast(1.9)),
    (Group::Call, "at_dispatch/1_thread", Limit::AtMost(1.3)),
    (Group::Call, "at_dispatch/2_threads", Limit::AtMost(1.3)),
    (Group::Call, "at_dispatch/scaling", Limit::AtLeast(1.9)),
    (Group::Call, "burst_of_16/1_thread", Limit::AtMost(1.25)),
    (Group::Call, "burst_of_16/2_threads", Limit::AtMost(1.25)),
    (Group::Count, "sixteen_shards/instructions", Limit::AtMost(36.0)),
    (Group::Count, "sixteen_shards/locked", Limit::AtMost(2.0)),
    (Group::Count, "at_dispatch/instructions", Limit::AtMostAbove("raw/instructions", 4.0)),
    (Group::Count, "at_dispatch/locked", Limit::AtMost(0.0)),
    (Group::Count, "burst_of_16/locked", Limit::AtMost(2.0 / 16.0)),
    (Group::Unload, "peers_pend", Limit::AtMost(1.05)),
    (Group::Unload, "calls_in_flight", Limit::AtMost(1.05)),
    (Group::Unload, "peers_block", Limit::AtMost(1.1 + TICK)),
    (Group::Unload, "overhead_per_registration", Limit::AtMost(0.1)),
    (Group::Unload, "overhead_per_idle_binding", Limit::AtMost(0.4)),
    (Group::Sim, "cycle_alone/time", Limit::AtMost(0.5)),
    (Group::Sim, "cycle_beside_1024/time", Limit::AtMost(0.5)),
    (Group::Sim, "cycle_beside_4096/time", Limit::AtMost(0.5)),
    (Group::Sim, "cycle_beside_16384/time", Limit::AtMost(0.5)),
    (Group::Sim, "cycle_beside_1024/flat", Limit::AtMost(1.25)),
    (Group::Sim, "cycle_beside_4096/flat", Limit::AtMost(1.25)),
    (Group::Sim, "cycle_beside_16384/flat", Limit::AtMost(1.25)),
    (Group::Sim, "pair/scaling", Limit::MoreThan(1.0)),
    (Group::Sim, "cycle_alone/scaling", Limit::MoreThan(1.0)),
    (Group::Sim, "cycle_beside_1024/scaling", Limit::MoreThan(1.0)),
    (Group::Sim, "cycle_beside_4096/scaling", Limit::MoreThan(1.0)),
    (Group::Sim, "cycle_beside_16384/scaling", Limit::MoreThan(1.0)),
    (Group::Sim, "one_by_64/scaling", Limit::MoreThan(1.0)),
    (Group::Sim, "64_by_64/scaling", Limit::MoreThan(1.0)),
    (Group::Size, "composite", Limit::AtMost(64.0)),
    (Group::Size, "composite/heap_imports", Limit::AtMost(0.0)),
    (Group::Package, "unchanged", Limit::AtMost(2.0)),
    (Group::Count, "raw/locked", Limit::AtMost(0.0)),
];

/// What `measured` is worth.
pub(super) fn judge(group: Group, measured: &[Measured]) -> Vec<Figure> {
    let figure = |one: &Measured| {
        let known = TARGETS.iter().find(|(of, figure, _)| *of == group && *figure == one.figure);
        let judged = known.and_then(|(.., limit)| limit.judge(one.value, measured));
        let (target, ok) = judged.unzip();
        Figure {
            group: group.name(),
            figure: one.figure.clone(),
            value: rounded(one.value),
            unit: one.unit.clone(),
            target,
            ok,
        }
    };
    measured.iter().map(figure).collect()
}

impl Limit {
    /// The target as text, and whether `value` meets it; nothing if what it refers to was not measured.
    fn judge(self, value: f64, measured: &[Measured]) -> Option<(String, bool)> {
        Some(match self {
            Self::AtMost(limit) => (format!("<= {}", rounded(limit)), value <= limit),
            Self::AtLeast(limit) => (format!(">= {}", rounded(limit)), value >= limit),
            Self::MoreThan(limit) => (format!("> {}", rounded(limit)), value > limit),
            Self::AtMostAbove(figure, more) => {
                let base = measured.iter().find(|one| one.figure == figure)?.value;
                return Self::AtMost(base + more).judge(value, measured);
            }
        })
    }
}

/// Four digits behind the point: more are noise.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(group: Group, figure: &str, value: f64) -> (Option<String>, Option<bool>) {
        let figure = judge(group, &[Measured::new(figure, value, "x")]).remove(0);
        (figure.target, figure.ok)
    }

    #[test]
    fn a_target_is_met_or_missed() {
        let ratio = |value| verdict(Group::Call, "sixteen_shards/1_thread", value);
        assert_eq!(ratio(12.0), (Some("<= 12".to_owned()), Some(true)));
        assert_eq!(ratio(12.01).1, Some(false));
        let scaling = |value| verdict(Group::Call, "sixteen_shards/scaling", value);
        assert_eq!(scaling(1.9), (Some(">= 1.9".to_owned()), Some(true)));
        assert_eq!(scaling(1.89).1, Some(false));
        assert_eq!(verdict(Group::Sim, "pair/scaling", 1.0), (Some("> 1".to_owned()), Some(false)));
        assert_eq!(verdict(Group::Unload, "peers_block", 1.41).0.as_deref(), Some("<= 1.4125"));
    }

    #[test]
    fn what_is_there_to_compare_with_is_not_judged() {
        assert_eq!(verdict(Group::Call, "std_rwlock/1_thread", 99.0), (None, None));
        assert_eq!(verdict(Group::Sim, "sixteen_shards/1_thread", 99.0), (None, None));
    }

    #[test]
    fn a_target_above_another_figure_needs_that_figure() {
        let raw = Measured::new("raw/instructions", 15.0, "x");
        let call = Measured::new("at_dispatch/instructions", 19.5, "x");
        let figures = judge(Group::Count, &[raw, call.clone()]);
        assert_eq!((figures[1].target.as_deref(), figures[1].ok), (Some("<= 19"), Some(false)));
        assert_eq!(judge(Group::Count, &[call])[0].ok, None);
    }

    #[test]
    fn a_value_is_judged_before_it_is_rounded() {
        let figure = judge(Group::Package, &[Measured::new("unchanged", 2.000_01, "s")]).remove(0);
        assert_eq!((figure.value, figure.ok), (2.0, Some(false)));
    }
}
