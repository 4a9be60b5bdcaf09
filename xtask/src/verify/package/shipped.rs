//! For which of the architectures that an INF names a package was made.

use crate::architecture::Architecture;
use crate::inf::install::InstalledFile;

/// The files of an INF for one architecture.
type Payload = (Architecture, Vec<InstalledFile>);

/// What there is of an INF's package.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shipped {
    /// The architectures that it was made for.
    pub(super) payloads: Vec<Payload>,
    /// Files of theirs that are not there.
    pub(super) missing: Vec<InstalledFile>,
}

/// What there is of the package whose files are `payloads`; `there` says whether a file is. A package may have been made
/// for some architectures alone, and then has no file that only the others need; it has all files of one at least.
pub(super) fn shipped(payloads: Vec<Payload>, there: impl Fn(&str) -> bool) -> Shipped {
    let is_there = |file: &InstalledFile| there(&file.source);
    let whole = |(_, files): &Payload| files.iter().all(is_there);
    let wholes: Vec<&Payload> = payloads.iter().filter(|payload| whole(payload)).collect();
    // An architecture without files says nothing about the others.
    let anything = wholes.iter().any(|(_, files)| !files.is_empty());
    let elsewhere = |file: &InstalledFile| {
        wholes
            .iter()
            .flat_map(|(_, files)| files)
            .any(|other| other.source.eq_ignore_ascii_case(&file.source))
    };
    let begun = |(_, files): &Payload| files.iter().any(|file| is_there(file) && !elsewhere(file));
    // Where nothing was begun, all of it is missing.
    let nothing = !anything && !payloads.iter().any(begun);
    let keep: Vec<bool> =
        payloads.iter().map(|payload| nothing || whole(payload) || begun(payload)).collect();
    let mut shipped = Shipped::default();
    for (payload, _) in payloads.into_iter().zip(keep).filter(|(_, keep)| *keep) {
        shipped.missing.extend(payload.1.iter().filter(|file| !there(&file.source)).cloned());
        shipped.payloads.push(payload);
    }
    shipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inf::{Inf, lint};

    const INF: &str = "[Manufacturer]\n%M%=Std,NTx86,NTamd64,NTarm64\n[Std.NTx86]\n%D%=None,A\n[Std.NTamd64]\n%D%=Go,A\n\
        [Std.NTarm64]\n%D%=Go,A\n[None]\n[Go]\nCopyFiles=@a.sys,@both.dat\n[DestinationDirs]\nDefaultDestDir=13\n\
        [SourceDisksNames]\n1=d\n[SourceDisksFiles]\nboth.dat=1\n[SourceDisksFiles.amd64]\na.sys=1,amd64\n\
        [SourceDisksFiles.arm64]\na.sys=1,arm64\n[Strings]\nM=m\nD=d\n";

    /// The architectures of a package with `files`, and what is missing of them.
    fn of(files: &[&str]) -> (Vec<&'static str>, Vec<String>) {
        let inf = Inf::parse("t.inf", INF.as_bytes()).unwrap();
        let shipped = shipped(lint::payloads(&inf), |path| files.contains(&path));
        let names = shipped.payloads.iter().map(|(architecture, _)| architecture.name()).collect();
        (names, shipped.missing.into_iter().map(|file| file.source).collect())
    }

    #[test]
    fn a_package_may_be_for_one_of_its_architectures() {
        assert_eq!(of(&["both.dat", "amd64/a.sys"]), (vec!["x64", "x86"], vec![]));
        assert_eq!(of(&["both.dat", "amd64/a.sys", "arm64/a.sys"]).1, [""; 0]);
    }

    #[test]
    fn what_is_begun_must_be_whole_and_something_must_be_there() {
        assert_eq!(of(&["amd64/a.sys"]).1, ["both.dat"]);
        assert_eq!(of(&["both.dat"]).1, ["amd64/a.sys", "arm64/a.sys"]);
        assert_eq!(of(&[]).1.len(), 4);
    }
}
