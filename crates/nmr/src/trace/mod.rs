//! ETW TraceLogging: how events describe themselves, byte by byte.
//!
//! A TraceLogging event carries its own schema, so that no manifest has to be installed: the provider's name, the event's
//! name and the fields' names and types go with each event as two blocks of [metadata](self::metadata), and the values follow
//! in the order of the fields. The provider is `Nmr.<driver>`; its GUID follows from that name by the
//! [rule](provider_id) that EventSource and `tracelog -guid *Nmr.<driver>` use. Every event has the same fields:
//!
//! | field | type | what |
//! |---|---|---|
//! | registration | UTF-8 | the name in the declaration; empty for steps of the driver |
//! | npi | GUID | the NPI |
//! | side | UTF-8 | `client` or `provider` |
//! | binding | u64 | number of the binding, [`NO_BINDING`] if the step is of none |
//! | peer | GUID | the peer's module id, zero if it has no GUID |
//! | status | NTSTATUS | 0 if there is none |
//! | count | u64 | as the line in the log has it, else 0 |
//!
//! To listen: `tracelog -start nmr -guid *Nmr.Composite -f nmr.etl`, then `tracelog -stop nmr` and `tracefmt nmr.etl`, or
//! WPA.
//!
//! This module makes bytes and decides; `nmr-wdk` finds the system's functions and calls them.

mod listeners;
mod metadata;
mod name_hash;
mod payload;

pub use listeners::Listeners;
pub use metadata::{event_metadata, event_metadata_size, provider_metadata, provider_metadata_size};
pub use name_hash::provider_id;
pub use payload::{NO_BINDING, Payload};

use crate::Level;

/// What stands before the driver's name in the provider's name.
pub const PROVIDER_PREFIX: &str = "Nmr.";

/// The channel of TraceLogging events, `WINEVENT_CHANNEL_TRACELOGGING`.
pub const CHANNEL: u8 = 11;

/// The ETW level for a level of the log: `TRACE_LEVEL_ERROR` to `TRACE_LEVEL_VERBOSE`.
pub const fn etw_level(level: Level) -> u8 {
    match level {
        Level::Error => 2,
        Level::Warning => 3,
        Level::Info => 4,
        Level::Trace => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `TRACE_LEVEL_*` of evntrace.h.
    #[test]
    fn levels_are_those_of_etw() {
        let levels = [Level::Error, Level::Warning, Level::Info, Level::Trace];
        assert_eq!(levels.map(etw_level), [2, 3, 4, 5]);
    }
}
