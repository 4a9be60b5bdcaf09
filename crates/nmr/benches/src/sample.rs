//! Which samples count, and what a series of them says.

use std::time::{Duration, Instant};

/// A sample counts if each thread was running for at least this share of its time.
const LEAST_RUNNING: f64 = 0.985;
/// Threads that are measured together must have run at the same time for at least this share of the longest.
const LEAST_OVERLAP: f64 = 0.95;

/// What one thread did in a sample.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// When it began.
    pub began: Instant,
    /// When it ended.
    pub ended: Instant,
    /// How long it was running meanwhile.
    pub running: Duration,
}

impl Stretch {
    /// Measures `work` on this thread.
    pub fn of(work: impl FnOnce()) -> Self {
        let before = crate::processor::thread_time();
        let began = Instant::now();
        work();
        let ended = Instant::now();
        let running = crate::processor::thread_time() - before;
        Self { began, ended, running }
    }

    /// From beginning to end.
    pub fn wall(&self) -> Duration {
        self.ended - self.began
    }

    fn was_running(&self) -> bool {
        self.running.as_secs_f64() >= LEAST_RUNNING * self.wall().as_secs_f64()
    }
}

/// The mean time of the threads of one sample, unless the machine did something else meanwhile.
pub fn judge(stretches: &[Stretch]) -> Option<Duration> {
    let last_begin = stretches.iter().map(|stretch| stretch.began).max()?;
    let first_end = stretches.iter().map(|stretch| stretch.ended).min()?;
    let longest = stretches.iter().map(Stretch::wall).max()?;
    let together = first_end.saturating_duration_since(last_begin);
    let counts = stretches.iter().all(Stretch::was_running)
        && (stretches.len() == 1 || together.as_secs_f64() >= LEAST_OVERLAP * longest.as_secs_f64());
    let count = u32::try_from(stretches.len()).ok()?;
    counts.then(|| stretches.iter().map(Stretch::wall).sum::<Duration>() / count)
}

/// The middle value, or the mean of the two middle ones; nothing of nothing.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: u64, to: u64, running: u64) -> Stretch {
        static ORIGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        let at = |micros| *ORIGIN + Duration::from_micros(micros);
        Stretch { began: at(from), ended: at(to), running: Duration::from_micros(running) }
    }

    #[test]
    fn a_thread_that_was_interrupted_spoils_the_sample() {
        assert_eq!(judge(&[stretch(0, 1000, 985)]), Some(Duration::from_micros(1000)));
        assert_eq!(judge(&[stretch(0, 1000, 984)]), None);
        assert_eq!(judge(&[stretch(0, 1000, 1000), stretch(0, 1000, 900)]), None);
    }

    #[test]
    fn threads_that_ran_one_after_the_other_were_not_together() {
        assert_eq!(
            judge(&[stretch(0, 1000, 1000), stretch(40, 1000, 960)]),
            Some(Duration::from_micros(980))
        );
        assert_eq!(judge(&[stretch(0, 1000, 1000), stretch(60, 1060, 1000)]), None);
        assert_eq!(judge(&[stretch(0, 1000, 1000), stretch(2000, 3000, 1000)]), None);
        assert_eq!(judge(&[]), None);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }
}
