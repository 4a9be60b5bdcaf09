//! What the lab's ntoskrnl.exe adds to Wine's, and what it checks.
//!
//! ```text
//! driver ── ntoskrnl.exe ──┬── labkrnl.dll: this library
//!           (forwarders)   └── wntoskrn.dll: Wine's own ntoskrnl.exe
//! ```
//! `ntoskrnl.exe` holds no code: each of its names leads here, if it is in the table of [`routines`], else to a copy of
//! Wine's. Each routine of the table has a gate that knows at which levels it may be called, and does what Wine does or
//! something stricter. Nothing of this is in a driver: the very image that is shipped is loaded.
//!
//! What is broken is said in lines of the machine's log that begin with `nmr-lab: violation:`; see [`report`]. Other
//! lines tell what happens: `loaded`, `unloaded` with the count of pool blocks, `refused`, `failed`, `event`.
//!
//! | file | what it adds or checks |
//! |---|---|
//! | `routines.rs`, `limit.rs`, `gate.rs`, `stub.rs` | the table, the limits, the gates |
//! | `irql.rs`, `level.rs`, `spin_lock.rs` | the level of each thread |
//! | `processors.rs`, `dpc.rs`, `timer.rs` | virtual processors, and what runs on them |
//! | `wait.rs`, `critical_region.rs`, `system_thread.rs`, `thread.rs`, `linger.rs` | threads |
//! | `pool.rs`, `arena.rs`, `layout.rs` | memory that tells who misuses it |
//! | `notification.rs`, `import.rs`, `images.rs`, `service.rs`, `departure.rs` | images that come and go |
//! | `device.rs`, `request.rs`, `work_item.rs`, `etw.rs`, `rundown.rs`, `clock.rs`, `security.rs` | what drivers register, or Wine lacks |
//! | `failing.rs` | NMR that does not let go, where the settings ask for it |
//! | `fault.rs`, `report.rs` | what is said |
//!
//! On hosts other than Windows only what can be tested there is built.

#![cfg_attr(not(windows), allow(dead_code, reason = "the rest of the library uses it"))]

mod images;
mod layout;
mod level;
mod limit;
mod settings;
mod trace_logging;

#[cfg(windows)]
mod arena;
#[cfg(windows)]
mod clock;
#[cfg(windows)]
mod critical_region;
#[cfg(windows)]
mod departure;
#[cfg(windows)]
mod device;
#[cfg(windows)]
mod dpc;
#[cfg(windows)]
mod entry;
#[cfg(windows)]
mod etw;
#[cfg(windows)]
mod failing;
#[cfg(windows)]
mod fault;
#[cfg(windows)]
mod gate;
#[cfg(windows)]
mod import;
#[cfg(windows)]
mod irql;
#[cfg(windows)]
mod linger;
#[cfg(windows)]
mod notification;
#[cfg(windows)]
mod pool;
#[cfg(windows)]
mod processors;
#[cfg(windows)]
mod report;
#[cfg(windows)]
mod request;
#[cfg(windows)]
mod routines;
#[cfg(windows)]
mod rundown;
#[cfg(windows)]
mod security;
#[cfg(windows)]
mod service;
#[cfg(windows)]
mod spin_lock;
#[cfg(windows)]
mod stub;
#[cfg(windows)]
mod system_thread;
#[cfg(windows)]
mod thread;
#[cfg(windows)]
mod timer;
#[cfg(windows)]
mod wait;
#[cfg(windows)]
mod wine;
#[cfg(windows)]
mod work_item;
