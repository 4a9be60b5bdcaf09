//! The one time written into everything we make. It comes from the sources, never from a clock, so that the same sources
//! give the same bytes.

use std::path::Path;

use anyhow::{Result, anyhow};
use time::{OffsetDateTime, PrimitiveDateTime, UtcDateTime};

use crate::{exit, repository};

/// The environment variable that sets the time, as reproducible-builds.org describes it.
const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// Used when nothing names a time: the first of January 2026.
const WITHOUT_HISTORY: u64 = 1_767_225_600;

/// A time between 1980 (the first an archive can hold) and 2049 (the last a catalog can hold), in whole, even seconds
/// since 1970: an archive counts in steps of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(UtcDateTime);

impl Moment {
    /// From seconds since 1970.
    pub(crate) fn from_epoch(seconds: u64) -> Result<Self> {
        let even = i64::try_from(seconds & !1).ok();
        let moment = even.and_then(|seconds| UtcDateTime::from_unix_timestamp(seconds).ok());
        match moment {
            Some(moment) if (1980..=2049).contains(&moment.year()) => Ok(Self(moment)),
            _ => Err(anyhow!("{seconds} seconds since 1970 is not between the years 1980 and 2049")),
        }
    }

    /// The time of the sources: `SOURCE_DATE_EPOCH`, else the time of the last commit, else a constant.
    pub(crate) fn of_sources(workspace: &Path) -> Result<Self> {
        if let Some(value) = std::env::var_os(VARIABLE) {
            let number = value.to_str().and_then(|text| text.parse().ok());
            let moment = number.ok_or_else(|| anyhow!("not a whole number")).and_then(Self::from_epoch);
            return moment.map_err(|error| exit::usage(format!("{VARIABLE}={}: {error}", value.display())));
        }
        let commit = commit_time(workspace).unwrap_or(WITHOUT_HISTORY);
        Self::from_epoch(commit).or_else(|_| Self::from_epoch(WITHOUT_HISTORY))
    }

    /// Seconds since 1970.
    pub(crate) fn epoch(self) -> u64 {
        self.0.unix_timestamp().unsigned_abs()
    }

    /// `mm/dd/yyyy`, as in `DriverVer`.
    pub(crate) fn inf_date(self) -> String {
        format!("{:02}/{:02}/{:04}", u8::from(self.0.month()), self.0.day(), self.0.year())
    }

    /// `yyyy-mm-ddThh:mm:ssZ`.
    pub(crate) fn rfc3339(self) -> String {
        let (date, time) = (self.0.date(), self.0.time());
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    /// The date and time as a cabinet stores them.
    pub(crate) fn cabinet(self) -> PrimitiveDateTime {
        PrimitiveDateTime::new(self.0.date(), self.0.time())
    }

    /// The date and time as an archive stores it.
    pub(crate) fn zip(self) -> Result<zip::DateTime> {
        let date = OffsetDateTime::from(self.0);
        let (year, month) = (u16::try_from(date.year())?, u8::from(date.month()));
        Ok(zip::DateTime::from_date_and_time(
            year,
            month,
            date.day(),
            date.hour(),
            date.minute(),
            date.second(),
        )?)
    }
}

fn commit_time(workspace: &Path) -> Option<u64> {
    repository::git(workspace, &["log", "-1", "--format=%ct"])?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_second_is_written_as_an_inf_date() {
        assert_eq!(Moment::from_epoch(1_767_225_600).unwrap().inf_date(), "01/01/2026");
        assert_eq!(Moment::from_epoch(951_782_400).unwrap().inf_date(), "02/29/2000");
        assert_eq!(Moment::from_epoch(951_782_400).unwrap().rfc3339(), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn times_an_archive_or_catalog_cannot_hold_are_refused() {
        assert!(Moment::from_epoch(0).is_err());
        assert!(Moment::from_epoch(2_524_608_000).is_err());
        assert!(Moment::from_epoch(u64::MAX).is_err());
    }

    #[test]
    fn odd_seconds_become_even() {
        assert_eq!(Moment::from_epoch(1_767_225_601).unwrap().epoch(), 1_767_225_600);
    }

    #[test]
    fn a_folder_without_history_has_the_constant_time() {
        let folder = tempfile::tempdir().unwrap();
        let time = commit_time(folder.path());
        assert_eq!(time, None);
    }

    #[test]
    fn the_time_of_an_outer_repository_is_not_ours() {
        let outer = tempfile::tempdir().unwrap();
        if !repository::samples::commit(outer.path()) {
            return;
        }
        let unpacked = outer.path().join("unpacked");
        std::fs::create_dir(&unpacked).unwrap();
        assert!(commit_time(outer.path()).is_some());
        assert_eq!(commit_time(&unpacked), None);
    }
}
