//! How long `cargo xtask package` takes when nothing has changed.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::figure::Measured;
use crate::context::Context;
use crate::process::Program;

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Packages twice, so that nothing has changed the second time.
pub(super) fn measure(context: &Context) -> Result<Vec<Measured>> {
    let step = context.ui.step("package, twice");
    let mut time = Duration::ZERO;
    for _ in 0..2 {
        let began = Instant::now();
        Program::new(context.cargo(), LIMIT)
            .args(["run", "--quiet", "--package", "xtask", "--", "package"])
            .env("CARGO_TARGET_DIR", &context.target)
            .folder(&context.workspace)
            .run(&context.target.join("bench/package.log"))?;
        time = began.elapsed();
    }
    step.done("");
    Ok(vec![Measured::new("unchanged", time.as_secs_f64(), "s")])
}
