//! A deployment end to end on this desk: the real ssh and scp, the bundle's own nmrctl.exe, the real `.sys` files, and
//! a lab machine at the other end of a loopback connection.

use std::fs;

use anyhow::{Context as _, Result, bail};
use nmr_lab::ssh::SshServer;

use super::connection::Connection;
use super::deployment::{Deployment, Goal};
use super::report::Report;
use crate::context::Context;
use crate::lab::{LabBundle, boot_lab};

/// Checks, deploys twice, uninstalls twice, and looks after each whether it did what it says. `cargo xtask lab --deploy`.
pub(crate) fn deploy_round_trip(context: &Context, bundle: &LabBundle) -> Result<()> {
    let lab = boot_lab(context, bundle, "deploy", 2, Vec::new())?;
    let server = SshServer::start(&lab)?;
    let folder = lab.folder().to_owned();
    let result = round_trip(context, bundle, &server).and_then(|reports| {
        let mut signs = lab.crash_signs(nmr_lab::log::Position::default())?;
        signs.extend(lab.violations(nmr_lab::log::Position::default())?);
        if signs.is_empty() {
            Ok(reports)
        } else {
            bail!("the lab machine crashed, or a driver broke a rule:\n    {}", signs.join("\n    "))
        }
    });
    drop(server);
    lab.shut_down();
    let reports = result.with_context(|| format!("the lab is kept in {}", folder.display()))?;
    fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    context.answer(&reports)
}

fn round_trip(context: &Context, lab_bundle: &LabBundle, server: &SshServer) -> Result<Vec<Report>> {
    let mut reports = Vec::new();
    for (goal, changes) in [
        (Goal::Check, false),
        (Goal::Run, true),
        (Goal::Run, false),
        (Goal::Uninstall, true),
        (Goal::Uninstall, false),
    ] {
        let report =
            once(context, lab_bundle, server, goal).with_context(|| format!("deployment ({goal:?})"))?;
        if report.changed != changes {
            bail!("deployment ({goal:?}): changed is {}, expected {changes}", report.changed);
        }
        let installed = report.drivers.iter().filter(|driver| driver.installed).count();
        let expected = if goal == Goal::Run { lab_bundle.bundle.manifest.drivers.len() } else { 0 };
        if installed != expected {
            bail!("deployment ({goal:?}): {installed} drivers are installed, expected {expected}");
        }
        if goal == Goal::Uninstall {
            let found: Vec<(&str, bool)> =
                report.certificates.iter().map(|found| (found.store.as_str(), found.present)).collect();
            if found != [("Root", false), ("TrustedPublisher", false)] {
                bail!(
                    "deployment ({goal:?}): the certificate stores are {found:?}, expected both without it"
                );
            }
        }
        reports.push(report);
    }
    Ok(reports)
}

fn once(context: &Context, lab_bundle: &LabBundle, server: &SshServer, goal: Goal) -> Result<Report> {
    let host = server.destination();
    // ssh takes several files here, separated by blanks.
    let known = format!("UserKnownHostsFile=\"{}\"", server.known_hosts().display());
    // Nothing of the user's own configuration may matter here.
    let options =
        vec![known, "GlobalKnownHostsFile=/dev/null".to_owned(), "StrictHostKeyChecking=yes".to_owned()];
    let logs = context.target.join("deploy");
    let mut connection =
        Connection::new(&host, Some(server.port()), Some(server.identity()), options, &logs)?;
    Deployment::new(&mut connection, &lab_bundle.bundle, &context.ui, false)?.run(goal, &host)
}
