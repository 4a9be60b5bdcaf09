//! Finds libclang, through the loader bindgen uses, and the headers that belong to it.

use std::path::{Path, PathBuf};

use crate::host::Host;
use crate::kit_root::numbers;
use crate::missing::Piece;

/// The variable that names libclang's folder, or the library itself.
pub(crate) const VARIABLE: &str = "LIBCLANG_PATH";

/// A header that clang brings and that both header families include.
const PROBE: &str = "mmintrin.h";

/// Where libclang is, or why it cannot be used.
pub(crate) fn find_library() -> Result<PathBuf, Piece> {
    let found = clang_sys::load_manually().map(|library| library.path().to_path_buf());
    found.map_err(|reason| Piece::Libclang(shortened(&reason)))
}

/// The loader's reason in few words.
fn shortened(reason: &str) -> String {
    let first = reason.lines().next().unwrap_or_default();
    let nothing_there = first.starts_with("couldn't find any") && first.contains("(invalid: [])");
    if nothing_there { "not found".to_owned() } else { first.to_owned() }
}

/// The folder of the headers that belong to the libclang at `library`.
///
/// A clang started as a program finds them beside itself; loaded as a library it only does so if the distribution has
/// left them there.
pub(crate) fn find_headers(host: &impl Host, library: &Path, major: u32) -> Result<PathBuf, Piece> {
    let beside = library.parent().map(|folder| folder.join("clang"));
    let searched: Vec<PathBuf> = beside
        .into_iter()
        .chain([
            format!("/usr/lib/llvm-{major}/lib/clang").into(),
            "/usr/lib/clang".into(),
            "/usr/lib64/clang".into(),
        ])
        .collect();
    let candidates = searched.iter().flat_map(|folder| {
        let mut versions = host.entries(folder);
        versions.retain(|version| numbers(version).first() == Some(&u64::from(major)));
        versions.sort_by_key(|version| std::cmp::Reverse(numbers(version)));
        versions.into_iter().map(|version| folder.join(version).join("include"))
    });
    let found = candidates.into_iter().find(|folder| host.is_file(&folder.join(PROBE)));
    found.ok_or(Piece::ClangHeaders { version: major, searched })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::FakeHost;

    #[test]
    fn the_reason_is_short_when_there_is_nothing_and_whole_when_there_is_something() {
        let absent = "couldn't find any valid shared libraries matching: ['libclang.so'], set the `LIBCLANG_PATH` \
                      environment variable to a path where one of these files can be found (invalid: [])";
        assert_eq!(shortened(absent), "not found");
        let damaged = absent.replace("[])", "[(/x/libclang.so: invalid ELF header)])");
        assert_eq!(shortened(&damaged), damaged);
    }

    #[test]
    fn the_headers_beside_the_library_come_first() {
        let host = FakeHost::linux()
            .with_file("/usr/lib/clang/14/include/mmintrin.h")
            .with_file("/opt/llvm/lib/clang/14.0.6/include/mmintrin.h");
        let found = find_headers(&host, Path::new("/opt/llvm/lib/libclang.so.1"), 14);
        assert_eq!(found, Ok("/opt/llvm/lib/clang/14.0.6/include".into()));
    }

    #[test]
    fn headers_of_another_version_or_without_content_do_not_count() {
        let host = FakeHost::linux()
            .with_file("/usr/lib/clang/13/include/mmintrin.h")
            .with_folder("/usr/lib/clang/14.0.9/include")
            .with_file("/usr/lib/clang/14.0.6/include/mmintrin.h");
        let library = Path::new("/usr/lib/x86_64-linux-gnu/libclang-14.so.1");
        assert_eq!(find_headers(&host, library, 14), Ok("/usr/lib/clang/14.0.6/include".into()));
        let Err(Piece::ClangHeaders { version: 16, searched }) = find_headers(&host, library, 16) else {
            panic!("there are no headers of clang 16")
        };
        assert!(searched.contains(&"/usr/lib/llvm-16/lib/clang".into()));
    }
}
