//! What cargo says while it builds, one JSON document a line.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One line.
#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-artifact")]
    Artifact {
        package_id: String,
        #[serde(default)]
        manifest_path: PathBuf,
        target: Target,
        filenames: Vec<PathBuf>,
        executable: Option<PathBuf>,
    },
    #[serde(rename = "compiler-message")]
    Diagnostic { package_id: String, message: Diagnostic },
    #[serde(rename = "build-script-executed")]
    BuildScript { package_id: String, linked_paths: Vec<String> },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

#[derive(Deserialize)]
struct Diagnostic {
    message: String,
    level: String,
    rendered: Option<String>,
}

const NATIVE_LIBRARIES: &str = "native-static-libs: ";

/// What a build produced.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Built {
    /// Every file of every crate, with the crate's package and whether it is a program, a library and so on.
    artifacts: Vec<Artifact>,
    /// The errors and warnings of the workspace's own crates, as a person reads them.
    errors: Vec<String>,
    warnings: Vec<String>,
    /// The libraries that a static library has to be linked with.
    pub(super) native_libraries: Vec<String>,
    /// The folders that the WDK's build script says import libraries are in.
    pub(super) kit_folders: Vec<PathBuf>,
}

#[derive(Debug, PartialEq, Eq)]
struct Artifact {
    package: String,
    manifest: PathBuf,
    crate_types: Vec<String>,
    files: Vec<PathBuf>,
    executable: Option<PathBuf>,
}

impl Built {
    /// Reads what cargo wrote. Lines that are no message are passed over: build scripts and wrappers may write them.
    pub(super) fn parse(text: &str) -> Self {
        let mut built = Self::default();
        for message in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            built.take(message);
        }
        built
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Artifact { package_id, manifest_path, target, filenames, executable } => {
                let package = package_name(&package_id).to_owned();
                self.artifacts.push(Artifact {
                    package,
                    manifest: manifest_path,
                    crate_types: target.crate_types,
                    files: filenames,
                    executable,
                });
            }
            Message::BuildScript { package_id, linked_paths } if package_name(&package_id) == "wdk-sys" => {
                let folder = |path: &String| {
                    PathBuf::from(path.split_once('=').map_or(path.as_str(), |(_, folder)| folder))
                };
                self.kit_folders = linked_paths.iter().map(folder).collect();
            }
            Message::Diagnostic { package_id, message } => self.take_diagnostic(&package_id, message),
            Message::BuildScript { .. } | Message::Other => {}
        }
    }

    fn take_diagnostic(&mut self, package_id: &str, diagnostic: Diagnostic) {
        let text = diagnostic.rendered.unwrap_or_else(|| diagnostic.message.clone());
        if let Some(libraries) = diagnostic.message.strip_prefix(NATIVE_LIBRARIES) {
            self.native_libraries = libraries.split_whitespace().map(str::to_owned).collect();
        } else if diagnostic.level.starts_with("error") {
            self.errors.push(text);
        } else if diagnostic.level == "warning" && package_id.starts_with("path+") {
            self.warnings.push(text);
        }
    }

    /// The static library of `package`.
    pub(super) fn static_library(&self, package: &str) -> Option<&Path> {
        self.file(package, "staticlib", &["lib", "a"])
    }

    /// The dynamic library of `package`.
    #[cfg(any(unix, test))]
    pub(super) fn dynamic_library(&self, package: &str) -> Option<&Path> {
        self.file(package, "cdylib", &["dll"])
    }

    /// The program of `package`.
    pub(super) fn program(&self, package: &str) -> Option<&Path> {
        self.artifacts
            .iter()
            .filter(|artifact| artifact.package == package)
            .find_map(|a| a.executable.as_deref())
    }

    /// The manifests of all packages whose code was compiled for `target`, in order: build scripts, macros and what
    /// they need are compiled for the host.
    pub(super) fn manifests_for(&self, target: &str) -> Vec<PathBuf> {
        let for_target = |artifact: &&Artifact| {
            artifact.files.iter().any(|file| file.components().any(|part| part.as_os_str() == target))
        };
        let mut manifests: Vec<PathBuf> =
            self.artifacts.iter().filter(for_target).map(|artifact| artifact.manifest.clone()).collect();
        manifests.sort();
        manifests.dedup();
        manifests
    }

    fn file(&self, package: &str, crate_type: &str, endings: &[&str]) -> Option<&Path> {
        let of_package = |artifact: &&Artifact| {
            artifact.package == package && artifact.crate_types.iter().any(|kind| kind == crate_type)
        };
        let mut files = self.artifacts.iter().filter(of_package).flat_map(|artifact| &artifact.files);
        let fits =
            |file: &&PathBuf| file.extension().is_some_and(|ending| endings.iter().any(|e| ending == *e));
        files.find(fits).map(PathBuf::as_path)
    }

    /// All errors in one text.
    pub(super) fn errors(&self) -> Option<String> {
        joined(&self.errors)
    }

    /// All warnings of the workspace's own crates in one text.
    pub(super) fn warnings(&self) -> Option<String> {
        joined(&self.warnings)
    }
}

fn joined(texts: &[String]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.iter().map(|text| text.trim_end()).collect::<Vec<_>>().join("\n"))
}

/// The name in a package id: `path+file:///w/echo#0.1.0`, `registry+https://...#echo@0.1.0`.
fn package_name(id: &str) -> &str {
    let (source, fragment) = id.rsplit_once('#').unwrap_or(("", id));
    match fragment.split_once('@') {
        Some((name, _)) => name,
        None => source.rsplit('/').next().unwrap_or(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"
warning: a wrapper talks
{"reason":"build-script-executed","package_id":"registry+https://x/y#wdk-sys@0.5.2","linked_libs":[],"linked_paths":["native=/kit/lib","/plain"],"cfgs":[],"env":[],"out_dir":"/o"}
{"reason":"build-script-executed","package_id":"registry+https://x/y#other@1.0.0","linked_libs":[],"linked_paths":["native=/other"],"cfgs":[],"env":[],"out_dir":"/o"}
{"reason":"compiler-message","package_id":"path+file:///w/drivers/echo#0.1.0","message":{"message":"native-static-libs: a.lib b.lib /defaultlib:libcmt","level":"note","rendered":"note: ..."}}
{"reason":"compiler-message","package_id":"path+file:///w/drivers/echo#0.1.0","message":{"message":"unused","level":"warning","rendered":"warning: unused\n\n"}}
{"reason":"compiler-message","package_id":"registry+https://x/y#other@1.0.0","message":{"message":"theirs","level":"warning","rendered":"warning: theirs"}}
{"reason":"compiler-artifact","package_id":"path+file:///w/drivers/echo#0.1.0","target":{"crate_types":["staticlib"]},"filenames":["/t/echo.lib"],"executable":null}
{"reason":"compiler-artifact","package_id":"path+file:///w/crates/tool#nmr-tool@0.1.0","target":{"crate_types":["bin"]},"filenames":["/t/tool.exe"],"executable":"/t/tool.exe"}
{"reason":"compiler-artifact","package_id":"path+file:///w/crates/lab#lab-netio@0.1.0","target":{"crate_types":["cdylib"]},"filenames":["/t/lab.dll","/t/liblab.dll.a"],"executable":null}
{"reason":"build-finished","success":true}
"#;

    #[test]
    fn a_build_leaves_files_libraries_and_folders() {
        let built = Built::parse(LINES);
        assert_eq!(built.static_library("echo"), Some(Path::new("/t/echo.lib")));
        assert_eq!(built.program("nmr-tool"), Some(Path::new("/t/tool.exe")));
        assert_eq!(built.dynamic_library("lab-netio"), Some(Path::new("/t/lab.dll")));
        assert_eq!(built.static_library("lab-netio"), None);
        assert_eq!(built.native_libraries, ["a.lib", "b.lib", "/defaultlib:libcmt"]);
        assert_eq!(built.kit_folders, [Path::new("/kit/lib"), Path::new("/plain")]);
    }

    #[test]
    fn what_was_compiled_for_the_target_is_told_from_what_the_build_needed() {
        let line = |name: &str, folder: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"registry+https://x/y#{name}@1.0.0","manifest_path":"/r/{name}/Cargo.toml","target":{{"crate_types":["lib"]}},"filenames":["/t/{folder}/deps/{name}.rlib"],"executable":null}}"#
            )
        };
        let lines =
            [line("b", "some-target/driver"), line("macros", "driver"), line("a", "some-target/driver")];
        let built = Built::parse(&lines.join("\n"));
        assert_eq!(
            built.manifests_for("some-target"),
            [Path::new("/r/a/Cargo.toml"), Path::new("/r/b/Cargo.toml")]
        );
    }

    #[test]
    fn only_warnings_of_our_own_crates_are_shown() {
        assert_eq!(Built::parse(LINES).warnings().as_deref(), Some("warning: unused"));
        assert_eq!(Built::parse(LINES).errors(), None);
    }

    #[test]
    fn errors_are_collected_wherever_they_are() {
        let line = r#"{"reason":"compiler-message","package_id":"registry+https://x/y#o@1.0.0","message":{"message":"m","level":"error","rendered":"error[E1]: m\n"}}"#;
        assert_eq!(Built::parse(line).errors().as_deref(), Some("error[E1]: m"));
    }
}
