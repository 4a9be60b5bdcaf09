//! One file of a bundle, as the manifest describes it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// One file and what it must contain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The path in the bundle, parts separated by `/`.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, lower-case hexadecimal.
    pub sha256: String,
}

impl File {
    /// Describes the file at `path` whose bytes are `content`.
    pub fn describe(path: impl Into<String>, content: &[u8]) -> Self {
        Self { path: path.into(), size: content.len() as u64, sha256: sha256_hex(content) }
    }

    /// Compares `content` with the description.
    ///
    /// # Errors
    /// Says which field differs.
    pub fn check(&self, content: &[u8]) -> Result<(), Mismatch> {
        let found = Self::describe(self.path.as_str(), content);
        if found.size != self.size {
            let (expected, found) = (self.size.to_string(), found.size.to_string());
            return Err(Mismatch { path: self.path.clone(), field: "size", expected, found });
        }
        if found.sha256 != self.sha256 {
            let expected = self.sha256.clone();
            return Err(Mismatch { path: self.path.clone(), field: "sha256", expected, found: found.sha256 });
        }
        Ok(())
    }
}

/// A file is not what the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The path in the bundle.
    pub path: String,
    /// The field of the manifest's entry that differs.
    pub field: &'static str,
    /// What the manifest says.
    pub expected: String,
    /// What the file is.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, field, expected, found } = self;
        write!(formatter, "{path}: {field} is {found}, the manifest says {expected}")
    }
}

impl std::error::Error for Mismatch {}

/// SHA-256 of `content` in lower-case hexadecimal.
pub fn sha256_hex(content: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(content).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_matches_the_published_vector() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_changed_file_is_told_by_field() {
        let entry = File::describe("x", b"abc");
        assert_eq!(entry.check(b"abc"), Ok(()));
        assert_eq!(entry.check(b"abd").unwrap_err().field, "sha256");
        assert_eq!(entry.check(b"abcd").unwrap_err().field, "size");
    }
}
