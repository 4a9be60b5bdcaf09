//! Where count and generation end.

#![cfg(not(loom))]

use crate::rundown::{Departure, Epoch, Rundown, ShardWord};

fn at(generation: u32, entries: u64) -> Rundown<[ShardWord; 1]> {
    Rundown { shards: [ShardWord::at(generation, entries)], ..Rundown::new() }
}

#[test]
fn as_many_enter_as_can_be_counted() {
    let rundown = at(0, ShardWord::MOST_ENTRIES - 1);
    assert!(rundown.open());
    let epoch = rundown.open_epoch().expect("just opened");
    assert_eq!(rundown.enter(epoch, 0), Ok(()));
    assert_eq!(rundown.in_flight(), ShardWord::MOST_ENTRIES);
    assert_eq!(rundown.leave(epoch, 0), Departure::NotLast);
}

#[test]
#[should_panic(expected = "guards are forgotten and not dropped")]
fn one_more_is_refused_before_it_reaches_the_state() {
    let rundown = at(0, ShardWord::MOST_ENTRIES);
    assert!(rundown.open());
    let epoch = rundown.open_epoch().expect("just opened");
    rundown.enter(epoch, 0).expect("the last that can be counted");
    let _ = rundown.enter(epoch, 0);
}

#[test]
fn the_last_generation_is_followed_by_the_first_and_keeps_the_count() {
    let rundown = at(ShardWord::LAST_GENERATION, 7);
    assert_eq!(rundown.generation(), ShardWord::LAST_GENERATION);
    rundown.renew();
    assert_eq!((rundown.generation(), rundown.in_flight()), (0, 7));
    assert!(rundown.open());
    assert_eq!(rundown.open_epoch().map(Epoch::generation), Some(0));
    rundown.renew();
    assert_eq!((rundown.generation(), rundown.in_flight()), (1, 7));
}
