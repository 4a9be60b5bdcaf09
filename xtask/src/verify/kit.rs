//! What Microsoft's own tools say, where a Windows kit is installed: infverif, inf2cat and signtool as second opinions. They
//! change no verdict of ours; where they disagree, that is told.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Class, Finding, vouched};
use crate::architecture::Architecture;
use crate::process::Program;

const LIMIT: Duration = Duration::from_secs(120);

/// The tools of a kit, as far as they are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kit {
    infverif: Option<PathBuf>,
    inf2cat: Option<PathBuf>,
    signtool: Option<PathBuf>,
}

impl Kit {
    /// The newest version in the kit at `root` that has each tool.
    pub(super) fn at(root: &Path) -> Self {
        let newest = |folder: &str, name: &str| {
            let mut versions: Vec<PathBuf> = fs::read_dir(root.join(folder))
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .collect();
            versions.sort();
            let candidates = versions
                .iter()
                .rev()
                .flat_map(|version| ["x64", "x86"].map(|architecture| version.join(architecture).join(name)));
            candidates.into_iter().find(|path| path.is_file())
        };
        Self {
            infverif: newest("tools", "infverif.exe").or_else(|| newest("bin", "infverif.exe")),
            inf2cat: newest("bin", "inf2cat.exe"),
            signtool: newest("bin", "signtool.exe"),
        }
    }

    /// The kit of this machine: where `WDKContentRoot` says, or where its installer puts it. Elsewhere than on Windows its
    /// tools do not run.
    pub(super) fn of_this_machine() -> Self {
        if !cfg!(windows) {
            return Self::default();
        }
        let set = std::env::var_os("WDKContentRoot").filter(|value| !value.is_empty());
        let usual = r"C:\Program Files (x86)\Windows Kits\10";
        Self::at(&set.map_or_else(|| PathBuf::from(usual), PathBuf::from))
    }
}

/// One driver's package, as the tools want to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// The folder with all its files.
    pub(super) folder: PathBuf,
    /// File names in that folder.
    pub(super) inf: String,
    pub(super) catalog: String,
    pub(super) image: String,
    pub(super) architecture: Architecture,
}

/// A question to a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) tool: &'static str,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// Our own findings of these classes say that the tool should refuse.
    pub(super) classes: &'static [Class],
    /// Whether the tool writes a catalog, to be compared with ours.
    pub(super) makes_catalog: bool,
}

/// What to ask about `subject`; `copy` is a folder with its files but the catalog.
pub(super) fn questions(kit: &Kit, subject: &Subject, copy: &Path) -> Vec<Question> {
    let path = |folder: &Path, name: &str| folder.join(name).display().to_string();
    let mut questions = Vec::new();
    if let Some(program) = &kit.infverif {
        questions.push(Question {
            tool: "infverif",
            program: program.clone(),
            arguments: vec!["/v".into(), "/w".into(), path(&subject.folder, &subject.inf)],
            classes: &[Class::Inf],
            makes_catalog: false,
        });
    }
    if let Some(program) = &kit.signtool {
        let (catalog, image) =
            (path(&subject.folder, &subject.catalog), path(&subject.folder, &subject.image));
        questions.push(Question {
            tool: "signtool",
            program: program.clone(),
            arguments: ["verify", "/v", "/pa", "/c", &catalog, &image].map(str::to_owned).to_vec(),
            classes: &[Class::Signature, Class::Trust, Class::Catalog],
            makes_catalog: false,
        });
    }
    if let Some(program) = &kit.inf2cat {
        let os = match subject.architecture {
            Architecture::X64 => "10_X64",
            Architecture::Arm64 => "10_RS3_ARM64",
            Architecture::X86 => "10_X86",
            Architecture::Arm => "6_3_ARM",
        };
        questions.push(Question {
            tool: "inf2cat",
            program: program.clone(),
            arguments: vec![format!("/driver:{}", copy.display()), format!("/os:{os}")],
            classes: &[Class::Inf],
            makes_catalog: true,
        });
    }
    questions
}

/// What to tell when a tool accepted or refused, and we found `findings`; nothing when both agree.
pub(super) fn disagreement(question: &Question, accepted: bool, findings: &[Finding]) -> Option<String> {
    let ours = findings.iter().find(|finding| question.classes.contains(&finding.class));
    match (accepted, ours) {
        (true, Some(finding)) => Some(format!("{} accepts what was found here: {finding}", question.tool)),
        (false, None) => Some(format!("{} refuses what was found good here", question.tool)),
        _ => None,
    }
}

/// What to tell about the digests of a catalog that the tool made, compared with those of ours.
pub(super) fn catalogs_differ(theirs: &[u8], ours: &[u8]) -> Result<Option<String>, String> {
    let (theirs, ours) = (vouched::digests(theirs)?, vouched::digests(ours)?);
    let count = |left: &BTreeSet<String>, right: &BTreeSet<String>| left.difference(right).count();
    let (more, fewer) = (count(&theirs, &ours), count(&ours, &theirs));
    Ok((more + fewer > 0).then(|| {
        format!("inf2cat vouches for {more} digests that the catalog does not have, and not for {fewer} that it has")
    }))
}

/// Asks the tools of `kit` about `subject`, in which `findings` were found; answers where they disagree.
pub(super) fn opinions(kit: &Kit, subject: &Subject, findings: &[Finding]) -> Result<Vec<String>> {
    let scratch = tempfile::tempdir().context("there is no room for the tools' work")?;
    let copy = scratch.path().join("package");
    fs::create_dir(&copy)?;
    for name in [&subject.inf, &subject.image] {
        fs::copy(subject.folder.join(name), copy.join(name))
            .with_context(|| format!("{name} cannot be copied"))?;
    }
    let mut told = Vec::new();
    for question in questions(kit, subject, &copy) {
        let log = scratch.path().join(format!("{}.log", question.tool));
        let finished = Program::new(&question.program, LIMIT).args(&question.arguments).status(&log)?;
        let accepted = finished.status.success();
        if let Some(what) = disagreement(&question, accepted, findings) {
            told.push(format!("{}: {what}\n{}", subject.inf, finished.failure()));
        }
        if question.makes_catalog && accepted {
            let theirs = fs::read(copy.join(&subject.catalog)).context("inf2cat left no catalog")?;
            let ours =
                fs::read(subject.folder.join(&subject.catalog)).context("the catalog cannot be read")?;
            match catalogs_differ(&theirs, &ours) {
                Ok(difference) => told.extend(difference),
                Err(what) => told.push(format!("a catalog cannot be read: {what}")),
            }
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::assemble::samples;

    fn kit() -> (tempfile::TempDir, Kit) {
        let root = tempfile::tempdir().unwrap();
        for path in [
            "bin/10.0.22621.0/x64/signtool.exe",
            "bin/10.0.26100.0/x64/signtool.exe",
            "bin/10.0.26100.0/x86/inf2cat.exe",
            "tools/10.0.26100.0/x64/infverif.exe",
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let kit = Kit::at(root.path());
        (root, kit)
    }

    fn subject() -> Subject {
        Subject {
            folder: "/p".into(),
            inf: "a.inf".into(),
            catalog: "a.cat".into(),
            image: "a.sys".into(),
            architecture: Architecture::Arm64,
        }
    }

    #[test]
    fn the_newest_tools_are_asked_with_their_arguments() {
        let (root, kit) = kit();
        assert_eq!(kit.signtool, Some(root.path().join("bin/10.0.26100.0/x64/signtool.exe")));
        let questions = questions(&kit, &subject(), Path::new("/copy"));
        let lines: Vec<String> = questions
            .iter()
            .map(|question| format!("{} {}", question.tool, question.arguments.join(" ")))
            .collect();
        assert_eq!(
            lines,
            [
                "infverif /v /w /p/a.inf",
                "signtool verify /v /pa /c /p/a.cat /p/a.sys",
                "inf2cat /driver:/copy /os:10_RS3_ARM64",
            ]
        );
        assert_eq!(super::questions(&Kit::at(Path::new("/nowhere")), &subject(), Path::new("/copy")), []);
    }

    #[test]
    fn only_disagreement_is_told() {
        let (_root, kit) = kit();
        let questions = questions(&kit, &subject(), Path::new("/copy"));
        let [infverif, signtool, _] = questions.as_slice() else { panic!("three questions") };
        let bad = [Finding::new(Class::Inf, "a.inf", "line 1", "wrong")];
        assert_eq!(disagreement(infverif, true, &[]), None);
        assert_eq!(disagreement(infverif, false, &bad), None);
        assert!(disagreement(infverif, true, &bad).unwrap().contains("infverif accepts"));
        assert!(disagreement(infverif, false, &[]).unwrap().contains("infverif refuses"));
        assert!(disagreement(signtool, false, &bad).unwrap().contains("signtool refuses"));
    }

    #[test]
    fn catalogs_are_compared_by_what_they_vouch_for() {
        let signed = &samples::bundle().files["composite/composite.cat"];
        let unsigned = &samples::unsigned().files["composite/composite.cat"];
        assert_eq!(catalogs_differ(unsigned, signed), Ok(None));
        let mut parts = samples::parts();
        parts.version = "1.2.4".into();
        let other = &crate::package::assemble::assemble(&parts).unwrap().files["composite/composite.cat"];
        // The INF has another version, so another digest of each kind.
        let told = catalogs_differ(other, signed).unwrap().unwrap();
        assert!(told.contains("for 2 digests") && told.contains("for 2 that it has"), "{told}");
    }
}
