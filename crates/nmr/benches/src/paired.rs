//! Samples of several designs, taken in turn, so that each repetition compares what the machine did in the same moment.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::processor;
use crate::sample::{self, Stretch};

/// Something that can be done many times, on several threads at once.
pub struct Design<'a> {
    /// What it is called in figures.
    pub name: &'static str,
    work: Box<dyn Fn(usize, u64) + Send + Sync + 'a>,
}

impl<'a> Design<'a> {
    /// `work` is given the number of its thread, and how often to do it.
    pub fn new(name: &'static str, work: impl Fn(usize, u64) + Send + Sync + 'a) -> Self {
        Self { name, work: Box::new(work) }
    }

    /// Does it `count` times on this thread, which is the only one.
    pub fn run(&self, count: u64) {
        (self.work)(0, count);
    }
}

impl std::fmt::Debug for Design<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Design").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Short enough that a busy machine lets most samples through, long enough that starting two threads does not matter.
const LENGTH: Duration = Duration::from_millis(1);
/// How often a sample is tried before its repetition is given up.
const TRIES: usize = 200;

/// A design, and on how many threads it is done at a time.
pub type Case = (&'static str, usize);

/// Nanoseconds for each time that a design was done: one column a case, one row a repetition. A case for which the
/// machine was too busy has no value in that row.
#[derive(Debug)]
pub struct Table {
    cases: Vec<Case>,
    rows: Vec<Vec<Option<f64>>>,
    thrown_away: usize,
}

/// Measures all `designs` on each number of `threads`, `repetitions` times.
///
/// # Errors
/// There are not as many processors.
pub fn measure(designs: &[Design<'_>], threads: &[usize], repetitions: usize) -> Result<Table> {
    let processors = processor::usable()?;
    let most = threads.iter().copied().max().unwrap_or_default();
    ensure!(processors.len() >= most, "{most} processors are needed, {} are there", processors.len());
    let cases: Vec<(&Design<'_>, &[usize])> = designs
        .iter()
        .flat_map(|design| {
            threads.iter().map(|threads| (design, &processors[..*threads])).collect::<Vec<_>>()
        })
        .collect();
    let counts =
        cases.iter().map(|(design, processors)| calibrate(design, processors)).collect::<Result<Vec<_>>>()?;
    let names = cases.iter().map(|(design, processors)| (design.name, processors.len())).collect();
    let mut table = Table { cases: names, rows: Vec::new(), thrown_away: 0 };
    for repetition in 0..repetitions {
        let mut row = vec![None; cases.len()];
        // Another one begins each time, so that none always follows the same other one.
        for index in (0..cases.len()).map(|index| (index + repetition) % cases.len()) {
            let (design, processors) = cases[index];
            for _ in 0..TRIES {
                let stretches = take(design, processors, counts[index])?;
                if let Some(time) = sample::judge(&stretches) {
                    row[index] = Some(time.as_nanos() as f64 / counts[index] as f64);
                    break;
                }
                table.thrown_away += 1;
            }
        }
        table.rows.push(row);
    }
    Ok(table)
}

/// How often a design is done in [`LENGTH`].
fn calibrate(design: &Design<'_>, processors: &[usize]) -> Result<u64> {
    let mut count = 16;
    loop {
        // The shortest of three: what is longer was interrupted.
        let mut shortest = Duration::MAX;
        for _ in 0..3 {
            let stretches = take(design, processors, count)?;
            shortest = shortest.min(stretches.iter().map(Stretch::wall).max().unwrap_or_default());
        }
        if shortest >= LENGTH / 4 {
            let wanted = count as f64 * LENGTH.as_secs_f64() / shortest.as_secs_f64();
            return Ok((wanted as u64).max(1));
        }
        count *= 4;
    }
}

/// One sample: all threads start together.
fn take(design: &Design<'_>, processors: &[usize], count: u64) -> Result<Vec<Stretch>> {
    let barrier = Barrier::new(processors.len());
    let ready = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let on = |(number, processor): (usize, usize)| {
            let (barrier, ready) = (&barrier, &ready);
            scope.spawn(move || -> Result<Stretch> {
                let pinned = processor::pin(processor);
                // What a thread does the first time, such as filling its processor's cache, is not measured.
                (design.work)(number, count / 4 + 1);
                barrier.wait();
                start_together(ready, processors.len());
                let stretch = Stretch::of(|| (design.work)(number, count));
                pinned.context("a thread cannot be kept on one processor")?;
                Ok(stretch)
            })
        };
        let threads: Vec<_> = processors.iter().copied().enumerate().map(on).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// The system wakes threads one after the other; the first ones spin until the last one is there. One that is kept
/// waiting for long goes on alone, and the sample does not count.
fn start_together(ready: &AtomicUsize, threads: usize) {
    ready.fetch_add(1, Ordering::SeqCst);
    let patience = Instant::now() + LENGTH;
    while ready.load(Ordering::SeqCst) < threads && Instant::now() < patience {
        std::hint::spin_loop();
    }
}

impl Table {
    /// The median time of `case` in nanoseconds. It depends on the machine and its load; ratios do not.
    pub fn time(&self, case: Case) -> Option<f64> {
        let column = self.column(case)?;
        sample::median(self.rows.iter().filter_map(|row| row[column]).collect())
    }

    /// The median of `numerator` over `denominator` in the same repetition.
    pub fn ratio(&self, numerator: Case, denominator: Case) -> Option<f64> {
        let (over, under) = (self.column(numerator)?, self.column(denominator)?);
        sample::median(self.rows.iter().filter_map(|row| Some(row[over]? / row[under]?)).collect())
    }

    /// How much more is done in the same time by `threads` threads than by one.
    pub fn scaling(&self, design: &'static str, threads: usize) -> Option<f64> {
        Some(threads as f64 * self.ratio((design, 1), (design, threads))?)
    }

    /// How many samples were taken and did not count.
    pub fn thrown_away(&self) -> usize {
        self.thrown_away
    }

    fn column(&self, case: Case) -> Option<usize> {
        self.cases.iter().position(|known| *known == case)
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    fn table(rows: Vec<Vec<Option<f64>>>) -> Table {
        Table { cases: vec![("raw", 1), ("guarded", 1), ("guarded", 2)], rows, thrown_away: 0 }
    }

    #[test]
    fn ratios_are_taken_within_a_repetition() {
        let table = table(vec![
            vec![Some(1.0), Some(10.0), Some(12.5)],
            vec![Some(2.0), Some(22.0), Some(27.5)],
            vec![None, Some(1000.0), None],
            vec![Some(4.0), Some(48.0), Some(60.0)],
        ]);
        assert_eq!(table.ratio(("guarded", 1), ("raw", 1)), Some(11.0));
        assert_eq!(table.scaling("guarded", 2), Some(1.6));
        assert_eq!(table.time(("raw", 1)), Some(2.0));
        assert_eq!(table.ratio(("guarded", 1), ("raw", 2)), None);
    }

    #[test]
    fn what_was_never_measured_has_no_ratio() {
        assert_eq!(table(vec![vec![None, Some(1.0), Some(1.0)]]).ratio(("guarded", 1), ("raw", 1)), None);
    }
}
