//! Brings the bundle to the machine. Nothing runs there that is not from it.

use anyhow::Result;

use super::{COPY, Deployment, LOOK};
use crate::deploy::target::{document, good};
use crate::deploy::undo::{Done, remove_folder};
use crate::exit;

impl Deployment<'_> {
    /// Makes sure that the bundle lies whole on the machine. A copy that was interrupted is made again.
    pub(super) fn bring(&mut self) -> Result<()> {
        let step = self.begin("copy");
        step.detail("looking for it");
        let line = format!("{} verify", self.folder.nmrctl());
        if self.has_own_program()? && self.target.run(&line, LOOK)?.document().is_some_and(|answer| answer.ok)
        {
            step.done("is there already");
            self.finish("is there already".to_owned());
            return Ok(());
        }
        remove_folder(self.target, &self.folder)?;
        self.journal.push(Done::Copied);
        self.target.run(&self.folder.make_root_line(), LOOK)?;
        step.detail("copying");
        self.target.copy(&self.bundle.folder, &self.folder.scp_path(), COPY)?;
        step.detail("verifying there");
        if !self.folder.has_nmrctl(self.target, LOOK)? {
            return Err(exit::wrong(format!(
                "{} is not there after the copy\n  advice: see whether the account may write there, and whether scp works",
                self.folder.nmrctl()
            )));
        }
        if !self.has_own_program()? {
            return Err(exit::wrong(format!(
                "{} on the target is not the bundle's: it was not run\n  advice: see who else writes to {} over there",
                self.folder.nmrctl(),
                self.folder.path()
            )));
        }
        let reply = self.target.run(&line, LOOK)?;
        let answer = good(&line, document(&line, &reply)?)?;
        let files = answer.bundle.map_or(0, |bundle| bundle.files);
        step.done(format!("{files} files, verified there"));
        self.finish(format!("{files} files to {}, verified there", self.folder.path()));
        Ok(())
    }

    /// Whether the nmrctl over there is the bundle's. It will run with all rights, so it is brought here to look at before
    /// it runs for the first time: over there nobody else could be asked.
    fn has_own_program(&mut self) -> Result<bool> {
        if !self.folder.has_nmrctl(self.target, LOOK)? {
            return Ok(false);
        }
        let content = self.target.fetch(&self.folder.scp_nmrctl(), COPY)?;
        let entry = self.bundle.manifest.file(&self.bundle.manifest.nmrctl);
        Ok(entry.is_some_and(|entry| entry.check(&content).is_ok()))
    }
}
