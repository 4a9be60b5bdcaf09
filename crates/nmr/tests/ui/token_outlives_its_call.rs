use nmr::MayWait;
use std::sync::Mutex;

static KEPT: Mutex<Option<MayWait<'static>>> = Mutex::new(None);

fn keep(token: MayWait<'static>) {
    *KEPT.lock().unwrap() = Some(token);
}

fn main() {}
