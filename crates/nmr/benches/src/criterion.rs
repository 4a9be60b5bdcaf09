//! Times of one thing at a time, by criterion: the simulator's cycle, and each way to call on one thread.
//!
//! What is measured is the time that the processor spent on the thread, so that other programs on the machine matter
//! less. Ratios are not taken from here.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use nmr_benches::call::Stage;
use nmr_benches::processor::thread_time;
use nmr_benches::sim::Work;

/// Processor time of the measuring thread.
struct ThreadTime;

impl Measurement for ThreadTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        thread_time()
    }

    fn end(&self, began: Duration) -> Duration {
        thread_time() - began
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn sim(criterion: &mut Criterion<ThreadTime>) {
    let mut group = criterion.benchmark_group("sim");
    for work in Work::all().iter().filter(|work| work.bindings == 1) {
        group.bench_function(work.name, |bencher| bencher.iter(|| work.run(0, 1)));
    }
}

fn call(criterion: &mut Criterion<ThreadTime>) {
    let stage = Stage::new().expect("the drivers load");
    let mut group = criterion.benchmark_group("call");
    for design in stage.designs() {
        group.bench_function(design.name, |bencher| {
            bencher.iter_custom(|count| {
                let began = thread_time();
                design.run(count);
                thread_time() - began
            });
        });
    }
}

fn settings() -> Criterion<ThreadTime> {
    Criterion::default().with_measurement(ThreadTime)
}

criterion_group! { name = benches; config = settings(); targets = sim, call }
criterion_main!(benches);
