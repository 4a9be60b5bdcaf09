//! The Windows kernel.

mod clock;
mod control_device;
mod dpc;
pub mod entry;
mod etw;
mod event;
mod io_request;
mod irql;
mod lock;
mod log;
mod netio;
mod panic;
mod parameters;
mod processor;
mod registry;
mod status;
mod stop;
mod system;
mod text;
mod thread;

pub use io_request::IoRequest;
pub use log::log;
pub use system::Kernel;
