//! The Windows kernel.

mod clock;
mod control_device;
mod dpc;
pub mod entry;
mod etw;
mod event;
mod irql;
mod lock;
mod log;
mod log_level;
mod netio;
mod panic;
mod parameters;
mod processor;
mod stop;
mod system;
mod text;
mod thread;

pub use log::log;
pub use system::Kernel;
