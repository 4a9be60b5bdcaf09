//! Interrupt request levels and their names.

/// An interrupt request level, as drivers pass it.
pub(crate) type Irql = u8;

/// Ordinary threads.
pub(crate) const PASSIVE: Irql = 0;
/// No asynchronous procedure calls.
pub(crate) const APC: Irql = 1;
/// No other thread on this processor; where DPCs run and spin locks are held.
pub(crate) const DISPATCH: Irql = 2;
/// Everything is masked.
pub(crate) const HIGH: Irql = 15;

/// The name in messages.
pub(crate) fn name(level: Irql) -> &'static str {
    match level {
        PASSIVE => "PASSIVE_LEVEL",
        APC => "APC_LEVEL",
        DISPATCH => "DISPATCH_LEVEL",
        HIGH => "HIGH_LEVEL",
        _ => "a device's level",
    }
}
