//! Everything a machine lacks for building drivers, as one error with one line that installs it.

use std::fmt;
use std::path::PathBuf;

use crate::host::Host;
use crate::{libclang, mingw};

/// One thing that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// No Windows kit is installed or named (on a Windows host).
    Kit,
    /// A kit without the folder it has to have.
    KitFolder(PathBuf),
    /// The kernel headers of mingw-w64, of which this file is one.
    KernelHeaders(PathBuf),
    /// An import library of mingw-w64.
    ImportLibrary(PathBuf),
    /// libclang, with the reason why it could not be used.
    Libclang(String),
    /// The headers that belong to the libclang of this version, not found in these folders.
    ClangHeaders {
        /// The major version of libclang.
        version: u32,
        /// Where they were looked for.
        searched: Vec<PathBuf>,
    },
}

/// What the machine lacks, and how to get it there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Missing {
    pieces: Vec<Piece>,
    windows: bool,
    clang: u32,
    /// The variables that send the search where these pieces are not, with their values.
    misleading: Vec<(&'static str, String)>,
}

impl Missing {
    /// The error for these pieces, of which there is at least one.
    pub(crate) fn new(host: &impl Host, pieces: Vec<Piece>) -> Self {
        let found = pieces.iter().find_map(|piece| match piece {
            Piece::ClangHeaders { version, .. } => Some(*version),
            _ => None,
        });
        let mut led_by: Vec<&'static str> = pieces.iter().filter_map(leading_variable).collect();
        led_by.sort_unstable();
        led_by.dedup();
        let set = |name: &'static str| host.variable(name).map(|value| (name, value));
        Self {
            misleading: led_by.into_iter().filter_map(set).collect(),
            pieces,
            windows: host.is_windows(),
            clang: found.unwrap_or_else(|| clang_of_this_debian(host)),
        }
    }

    fn package(&self, piece: &Piece) -> Option<String> {
        match piece {
            Piece::Kit | Piece::KitFolder(_) => None,
            Piece::KernelHeaders(_) | Piece::ImportLibrary(_) => Some("mingw-w64-x86-64-dev".to_owned()),
            Piece::Libclang(_) => Some(format!("libclang1-{}", self.clang)),
            Piece::ClangHeaders { version, .. } => Some(format!("libclang-common-{version}-dev")),
        }
    }

    fn packages(&self) -> Vec<String> {
        // A package does not help against a variable that leads past it.
        let is_led = |piece: &&Piece| {
            let leads = |(name, _): &(&str, String)| leading_variable(piece) == Some(name);
            self.misleading.iter().any(leads)
        };
        let wanted: Vec<&Piece> = self.pieces.iter().filter(|piece| !is_led(piece)).collect();
        let mut packages: Vec<String> = wanted.iter().filter_map(|piece| self.package(piece)).collect();
        // libclang without its headers is of no use, and whether they are there is only known once libclang is.
        if wanted.iter().any(|piece| matches!(piece, Piece::Libclang(_))) {
            packages.push(format!("libclang-common-{}-dev", self.clang));
        }
        packages.sort();
        packages.dedup();
        packages
    }
}

/// The variable that, when set, is the only place where `piece` is looked for.
fn leading_variable(piece: &Piece) -> Option<&'static str> {
    match piece {
        // The kit's own variables are checked where they are read.
        Piece::Kit | Piece::KitFolder(_) => None,
        Piece::KernelHeaders(_) | Piece::ImportLibrary(_) => Some(mingw::ROOT_VARIABLE),
        Piece::Libclang(_) | Piece::ClangHeaders { .. } => Some(libclang::VARIABLE),
    }
}

/// The version of LLVM in the Debian release this machine runs.
fn clang_of_this_debian(host: &impl Host) -> u32 {
    let has = |version: u32| host.is_file(format!("/usr/lib/llvm-{version}/lib/libclang.so.1").as_ref());
    let release =
        || host.text("/etc/debian_version".as_ref()).and_then(|text| text.split('.').next()?.parse().ok());
    (14..=30).rev().find(|version| has(*version)).unwrap_or_else(|| match release() {
        Some(13u32) => 19,
        _ => 14,
    })
}

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "this machine lacks what a driver build needs:")?;
        for piece in &self.pieces {
            match piece {
                Piece::Kit => writeln!(
                    formatter,
                    "  - a Windows Driver Kit (none named by WDKContentRoot or MicrosoftKitRoot, none in the registry)"
                ),
                Piece::KitFolder(path) => writeln!(formatter, "  - the kit's folder {}", path.display()),
                Piece::KernelHeaders(path) => {
                    writeln!(formatter, "  - the Windows kernel headers: no {}", path.display())
                }
                Piece::ImportLibrary(path) => {
                    writeln!(formatter, "  - a kernel import library: no {}", path.display())
                }
                Piece::Libclang(reason) => writeln!(formatter, "  - libclang: {reason}"),
                Piece::ClangHeaders { version, searched } => {
                    let searched: Vec<String> =
                        searched.iter().map(|path| path.display().to_string()).collect();
                    writeln!(
                        formatter,
                        "  - the headers of clang {version} (mmintrin.h and others), looked for in {}",
                        searched.join(", ")
                    )
                }
            }?;
        }
        let kit = self.pieces.iter().any(|piece| matches!(piece, Piece::Kit | Piece::KitFolder(_)));
        if kit {
            writeln!(
                formatter,
                "Install the Windows Driver Kit (with the SDK of the same version), start from an eWDK prompt, or set \
                 WDKContentRoot to the folder that has the kit's Include and Lib in it."
            )?;
        }
        let packages = self.packages();
        for (number, (name, value)) in self.misleading.iter().enumerate() {
            let end = if number + 1 == self.misleading.len() && packages.is_empty() { "" } else { "\n" };
            write!(
                formatter,
                "{name} says to look in {value}: correct it, or unset it and `cargo xtask setup` sees to the rest.{end}"
            )?;
        }
        if packages.is_empty() {
            return Ok(());
        }
        if self.windows {
            write!(
                formatter,
                "Install LLVM (winget install LLVM.LLVM) or set LIBCLANG_PATH to the folder of libclang.dll."
            )
        } else {
            write!(
                formatter,
                "On Debian `cargo xtask setup` installs it, or by hand:\n    apt-get install --no-install-recommends {}",
                packages.join(" ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::FakeHost;

    fn text(host: &FakeHost, pieces: Vec<Piece>) -> String {
        Missing::new(host, pieces).to_string()
    }

    #[test]
    fn all_missing_pieces_are_one_error_with_one_line() {
        let pieces = vec![
            Piece::KernelHeaders("/usr/x86_64-w64-mingw32/include/ddk/ntddk.h".into()),
            Piece::ImportLibrary("/usr/x86_64-w64-mingw32/lib/libhal.a".into()),
            Piece::Libclang("not found".into()),
        ];
        assert_eq!(
            text(&FakeHost::linux(), pieces),
            "this machine lacks what a driver build needs:\n  \
             - the Windows kernel headers: no /usr/x86_64-w64-mingw32/include/ddk/ntddk.h\n  \
             - a kernel import library: no /usr/x86_64-w64-mingw32/lib/libhal.a\n  \
             - libclang: not found\n\
             On Debian `cargo xtask setup` installs it, or by hand:\n    \
             apt-get install --no-install-recommends libclang-common-14-dev libclang1-14 mingw-w64-x86-64-dev"
        );
    }

    #[test]
    fn a_variable_that_leads_astray_is_named_instead_of_packages() {
        let pieces = vec![
            Piece::KernelHeaders("/wrong/include/ddk/ntddk.h".into()),
            Piece::ImportLibrary("/wrong/lib/libhal.a".into()),
            Piece::Libclang("not found".into()),
        ];
        let mingw = FakeHost::linux().with_variable("NMR_MINGW_ROOT", "/wrong");
        let said = text(&mingw, pieces.clone());
        assert!(said.contains("NMR_MINGW_ROOT says to look in /wrong: correct it, or unset it"), "{said}");
        assert!(said.ends_with("libclang-common-14-dev libclang1-14"), "{said}");
        let said = text(&mingw.with_variable("LIBCLANG_PATH", "/gone"), pieces);
        assert!(
            said.contains("LIBCLANG_PATH says to look in /gone: ") && !said.contains("apt-get"),
            "{said}"
        );
        let headers = vec![Piece::ClangHeaders { version: 16, searched: Vec::new() }];
        let said = text(&FakeHost::linux().with_variable("LIBCLANG_PATH", "/opt/llvm"), headers);
        assert!(
            said.contains("LIBCLANG_PATH says to look in /opt/llvm") && !said.contains("apt-get"),
            "{said}"
        );
    }

    #[test]
    fn the_release_chooses_the_clang_version() {
        let trixie = FakeHost::linux().with_text("/etc/debian_version", "13.1\n");
        assert!(
            text(&trixie, vec![Piece::Libclang(String::new())])
                .ends_with("libclang-common-19-dev libclang1-19")
        );
        let installed = trixie.with_file("/usr/lib/llvm-16/lib/libclang.so.1");
        assert!(text(&installed, vec![Piece::Libclang(String::new())]).ends_with("libclang1-16"));
    }

    #[test]
    fn the_headers_of_the_libclang_that_was_found_are_named() {
        let piece = Piece::ClangHeaders { version: 16, searched: vec!["/usr/lib/clang".into()] };
        let text = text(&FakeHost::linux(), vec![piece]);
        assert!(text.ends_with("--no-install-recommends libclang-common-16-dev"), "{text}");
        assert!(text.contains("/usr/lib/clang"), "{text}");
    }

    #[test]
    fn on_windows_the_kit_and_llvm_are_named() {
        let text = text(&FakeHost::windows(), vec![Piece::Kit, Piece::Libclang("not found".into())]);
        assert!(text.contains("Install the Windows Driver Kit") && text.contains("LLVM.LLVM"), "{text}");
        assert!(!text.contains("apt-get"), "{text}");
    }
}
