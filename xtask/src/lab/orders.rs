//! In which order the drivers are loaded and unloaded in each round.

/// All orders of three drivers.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// How many rounds it takes until every order of unloading has occurred.
pub(super) const ROUNDS_FOR_ALL: u32 = ORDERS.len() as u32;

/// The orders of one round, as positions in the list of drivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orders {
    /// The order in which drivers are loaded.
    pub(super) start: [usize; 3],
    /// The order in which they are unloaded.
    pub(super) stop: [usize; 3],
}

/// The orders of round `round`, counted from 0. Every six rounds in a row have every order of unloading once; the order
/// of loading is drawn from `seed`.
pub(super) fn of_round(seed: u64, round: u32) -> Orders {
    let draw = mix(seed ^ (u64::from(round) << 32));
    let six = ORDERS.len() as u64;
    let start = ORDERS[usize::try_from(draw % six).unwrap_or(0)];
    let stop = ORDERS[usize::try_from((seed % six + u64::from(round)) % six).unwrap_or(0)];
    Orders { start, stop }
}

/// A well known way to turn a counter into something that looks drawn (splitmix64).
pub(super) fn mix(seed: u64) -> u64 {
    let mut word = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn six_rounds_in_a_row_unload_in_every_order() {
        for (seed, first) in [(0, 0), (7, 3), (u64::MAX, 44)] {
            let stops: BTreeSet<_> = (first..first + 6).map(|round| of_round(seed, round).stop).collect();
            assert_eq!(stops.len(), 6);
        }
    }

    #[test]
    fn the_order_of_loading_varies_and_can_be_repeated() {
        let starts = |seed| (0..50).map(|round| of_round(seed, round).start).collect::<Vec<_>>();
        assert_eq!(starts(1), starts(1));
        assert_ne!(starts(1), starts(2));
        assert_eq!(starts(1).into_iter().collect::<BTreeSet<_>>().len(), 6);
    }
}
