//! What a driver must have given back when its image goes.

use std::sync::atomic::Ordering;

use crate::images::Image;
use crate::{device, dpc, etw, pool, report, system_thread, timer};

/// Reports everything that is left of the driver, whose Unload has returned.
pub(crate) fn report_left(image: &Image) {
    system_thread::report_left(image);
    timer::report_left(image);
    dpc::report_left(image);
    device::report_left(image);
    etw::report_left(image);
    let counts = [
        (&image.critical_regions, "critical regions entered and not left"),
        (&image.work_items, "work items allocated and not freed"),
        (&image.irps, "IRPs allocated and not freed"),
        (&image.mdls, "MDLs allocated and not freed"),
        (&image.links, "symbolic links made and not deleted"),
    ];
    for (count, what) in counts {
        let left = count.load(Ordering::Relaxed);
        if left != 0 {
            report::broken_by(&image.name, image.base, format_args!("is unloaded with {left} {what}"));
        }
    }
    let leaked = pool::report_leaks(image);
    let blocks = image.blocks.load(Ordering::Relaxed);
    report::line(format_args!("unloaded driver={} blocks={blocks} leaked={leaked}", image.name));
}
