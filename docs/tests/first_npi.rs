//! The test of the first chapter.

use core::sync::atomic::Ordering;
use nmr_guide::gauge_meter::GaugeMeter;
use nmr_guide::gauge_reader::GaugeReader;
use nmr_sim::World;
use nmr_wdk::{Kernel, Loaded};

#[test]
fn the_reader_reads_until_the_meter_goes() {
    let world = World::new();
    let reader = Loaded::<GaugeReader>::new(Kernel::new(world.clone())).expect("the reader loads");
    let meter = Loaded::<GaugeMeter>::new(Kernel::new(world.clone())).expect("the meter loads");
    let level = || reader.driver().state.0.load(Ordering::Relaxed);
    while level() != 250 {
        std::thread::yield_now();
    }
    drop(meter);
    assert_eq!(reader.driver().gauge.bindings(), 0);
    drop(reader);
    world.assert_clean();
    world.assert_unloaded();
}
