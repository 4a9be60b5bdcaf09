//! A model of the life of a binding, what must hold of it, and the proof by exhaustion that the implementation goes the
//! ways of the model and no others.

mod conformance;
mod machine;
mod properties;

use machine::Settings;
use nmr_sim::Order;

/// Everything that Windows leaves open, each way.
fn settings() -> Vec<Settings> {
    let mut all = Vec::new();
    for [detach_order, cleanup_order] in [
        [Order::ClientFirst, Order::ClientFirst],
        [Order::ProviderFirst, Order::ClientFirst],
        [Order::ClientFirst, Order::ProviderFirst],
        [Order::ProviderFirst, Order::ProviderFirst],
    ] {
        for (cleanup_overtakes_detach, wait_covers_detach) in
            [(true, true), (false, true), (true, false), (false, false)]
        {
            all.push(Settings {
                detach_order,
                cleanup_order,
                cleanup_overtakes_detach,
                wait_covers_detach,
                guilty: None,
            });
        }
    }
    all
}
