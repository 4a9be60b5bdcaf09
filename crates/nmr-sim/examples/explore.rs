//! Explores a small world exhaustively and prints how many states it has:
//!
//! ```text
//! cargo run --release -p nmr-sim --example explore -- 1 1 3      one client, one provider, four threads at work at once
//! cargo run --release -p nmr-sim --example explore -- 2 2 0      two of each, one thread at work at a time: minutes
//! ```

use nmr_sim::explore::SmallWorld;
use std::time::Instant;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| {
        argument.parse().unwrap_or_else(|_| {
            eprintln!("explore: {argument:?} is not a number; usage: explore [clients] [providers] [depth]");
            std::process::exit(2);
        })
    });
    let clients = numbers.next().unwrap_or(1);
    let providers = numbers.next().unwrap_or(1);
    let depth = numbers.next().unwrap_or(3);
    let began = Instant::now();
    let explored = SmallWorld::new(clients, providers).depth(depth).explore();
    println!("{clients} clients, {providers} providers, depth {depth}: {explored}");
    println!("{:.1?}", began.elapsed());
}
