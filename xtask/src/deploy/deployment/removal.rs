//! Takes the bundle's drivers off the machine, and the signer's certificate and the folder after them.

use anyhow::Result;
use nmrctl::Answer;
use nmrctl::answer::{Action, CertificateReport};

use super::{CHANGE, Deployment, LOOK, names_of};
use crate::deploy::undo::remove_folder;

impl Deployment<'_> {
    /// Takes the bundle's drivers off the machine.
    pub(super) fn uninstall(&mut self) -> Result<Answer> {
        self.bring()?;
        let step = self.begin("uninstall");
        let folder = self.folder.path();
        self.stays = Some(format!("nothing; {folder} stays, the next `--uninstall` needs it"));
        let answer = self.ask("uninstall", CHANGE)?;
        let removed: Vec<&str> = names_of(&answer, Action::Uninstalled);
        self.changed = !removed.is_empty();
        let outcome =
            if removed.is_empty() { "no driver was installed".to_owned() } else { removed.join(", ") };
        step.done(&outcome);
        self.finish(outcome);
        let certificates = self.distrust()?;
        self.journal.clear();
        self.current = "clean up".to_owned();
        self.stays = Some("nothing; the drivers are uninstalled".to_owned());
        remove_folder(self.target, &self.folder)?;
        self.finish(format!("{folder} was removed"));
        Ok(Answer { certificates, ..answer })
    }

    /// Takes the signer's certificate back, unless drivers that nmrctl installed remain: theirs may be the same.
    fn distrust(&mut self) -> Result<Vec<CertificateReport>> {
        let step = self.begin("certificate");
        let status = self.ask("status", LOOK)?;
        let installed = status.drivers.iter().filter(|driver| driver.installed);
        let remaining: Vec<&str> = installed.map(|driver| driver.name.as_str()).collect();
        let (outcome, certificates) = if remaining.is_empty() {
            let certificates = self.ask(&format!("distrust {}", self.folder.path()), CHANGE)?.certificates;
            for report in certificates.iter().filter(|report| report.present) {
                let store = &report.store;
                self.warnings
                    .push(format!("the store {store} was told to remove the certificate and has it still"));
            }
            let removed =
                certificates.iter().filter(|report| report.action == Action::Uninstalled && !report.present);
            let stores: Vec<&str> = removed.map(|report| report.store.as_str()).collect();
            self.changed |= !stores.is_empty();
            let outcome = if certificates.iter().any(|report| report.present) {
                "could not be removed from every store".to_owned()
            } else if stores.is_empty() {
                "was in no store".to_owned()
            } else {
                format!("removed from {}", stores.join(" and "))
            };
            (outcome, certificates)
        } else {
            // Whether the bundle would run here does not matter now: only where the certificate is.
            let look = self.target.run(&format!("{} preflight", self.folder.nmrctl()), LOOK)?;
            let certificates = look.document().map(|answer| answer.certificates).unwrap_or_default();
            (format!("stays, other drivers are installed: {}", remaining.join(", ")), certificates)
        };
        step.done(&outcome);
        self.finish(outcome);
        Ok(certificates)
    }
}
