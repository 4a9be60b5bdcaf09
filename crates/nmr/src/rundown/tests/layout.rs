//! Words that are used from different processors share no cache line: a shared one costs four times a call.

#![cfg(not(loom))]

use crate::rundown::{Rundown, ShardWord, Shards};

#[test]
fn each_shard_has_a_line_of_its_own() {
    assert_eq!((size_of::<ShardWord>(), align_of::<ShardWord>()), (64, 64));
    let rundown = Rundown::<[ShardWord; 2]>::new();
    let [first, second] = [0, 1].map(|index| core::ptr::from_ref(&rundown.shards.words()[index]).addr());
    assert_eq!((first % 64, second - first), (0, 64));
}

#[test]
fn the_central_word_is_not_in_the_line_of_a_shard() {
    let rundown = Rundown::<[ShardWord; 1]>::new();
    let shard = core::ptr::from_ref(&rundown.shards.words()[0]).addr();
    let central = core::ptr::from_ref(&rundown.central).addr();
    assert_ne!(shard / 64, central / 64);
}
