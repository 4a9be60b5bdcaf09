use nmr::{RawLock, System};

fn raise<S: System>(system: &S) {
    system.raise_to_dispatch();
    S::enter_critical_region();
}

fn lock<S: System>() {
    let lock = S::Lock::UNLOCKED;
    lock.acquire();
}

fn main() {}
