//! `nmrctl verify`: is the bundle on this machine the one that was made?

use std::path::Path;

use crate::answer::Answer;
use crate::bundle::{self, Bundle};
use crate::failure::Failure;

pub(super) fn run(folder: &Path, answer: &mut Answer) -> Result<(), Failure> {
    let report = Bundle::open(folder)?.examine();
    let intact = report.damage.is_empty();
    let failure = bundle::damaged(&report);
    answer.bundle = Some(report);
    if intact { Ok(()) } else { Err(failure) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::tests::write_bundle;
    use crate::failure::FailureCode;

    #[test]
    fn a_damaged_bundle_is_reported_and_refused() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = write_bundle(folder.path(), "1.0.0", &["a"]);
        let mut answer = Answer::new("verify");
        run(folder.path(), &mut answer).unwrap();
        assert_eq!(answer.bundle.take().unwrap().files, 8);

        std::fs::write(bundle.path("a/a.sys"), "a 9.9.9").unwrap();
        let failure = run(folder.path(), &mut answer).unwrap_err();
        assert_eq!(failure.code, FailureCode::BundleDamaged);
        assert_eq!(answer.bundle.unwrap().damage.len(), 1);
    }
}
