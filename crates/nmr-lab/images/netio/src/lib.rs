//! NETIO.SYS of the lab: nmr-sim behind the nine `Nmr*` exports, built for Windows and loaded by Wine's kernel.
//!
//! ```text
//! cargo build --release --target x86_64-pc-windows-gnu -p lab-netio     leaves netio.dll
//! ```
//! The image is installed as `system32\drivers\netio.sys`, with the DLL override `netio.sys=n`, and created as a kernel
//! service named `netio` in the load order group of the drivers that are to share it. Started first, it keeps the
//! group's process alive: it has no unload routine. It needs `bcryptprimitives.dll` with `ProcessPrng`, as every
//! image with Rust's standard library does.
//!
//! The functions of `nmr_sim.h` are exported as well, so that a driver of the lab may choose and ask what a program on
//! a desk may. What happens is printed as debugger messages, one line each, so that it stands in the log in order with what the
//! drivers print through DbgPrint:
//!
//! ```text
//! nmr-sim: loaded                                             the image is mapped, its world is empty
//! nmr-sim: service                                            started as a kernel service
//! nmr-sim: <sequence> <event> key=value ...                   an event of the world
//! nmr-sim: VIOLATION <sequence> rule=<rule> text=<sentence>   a module has broken a rule
//! nmr-sim: unmapped registrations-left=<n> bindings-left=<n>  the image is unmapped
//! nmr-sim: ended                                              the process ends; what is left is in the last `waited`
//! ```
//! Events, their keys and their order are those of `nmr_sim::What`; each `waited` event says how many registrations and
//! bindings are left. Values hold no blanks, except that of `text`, which is the last. No line is longer than
//! `lab_print::LONGEST_LINE` bytes; a longer one ends in `...`.
//!
//! On hosts other than Windows the crate is empty.

#[cfg(windows)]
mod entry;
