//! `cargo xtask inf`: looks at INF files as Windows, its setup code and the service that signs drivers do.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::rule::{self, Severity};
use super::{Inf, Problem, Problems, lint};
use crate::context::Context;
use crate::driver_package::{self, Folder, is_setup};
use crate::{exit, ui};

/// The arguments of `inf`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Hold INF files against the rules.
    Lint(Lint),
    /// List the rules by name.
    Rules,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask inf lint my-driver.inf
  cargo xtask inf lint packages --declarative --json

Of a folder every .inf and .inx file is looked at, in sub-folders too; an .inx as if it were stamped for x64. Where some file
of the package lies beside the INF, all of them must. An error ends with exit code 1, a warning does not.")]
struct Lint {
    /// INF files, and folders with INF files.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Take what a declarative INF must not have for an error, as `infverif /w` does.
    #[arg(long)]
    declarative: bool,
}

/// What `inf lint` answers.
#[derive(Debug, Serialize)]
struct Answer {
    files: usize,
    errors: usize,
    warnings: usize,
    findings: Vec<Finding>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    file: String,
    line: usize,
    column: usize,
    severity: &'static str,
    rule: &'static str,
    what: String,
    fix: String,
}

/// Runs `inf`.
pub(crate) fn run(args: Args, context: &Context) -> Result<()> {
    match args.command {
        Command::Lint(args) => run_lint(&args, context),
        Command::Rules => run_rules(context),
    }
}

fn run_rules(context: &Context) -> Result<()> {
    if context.json {
        let rules = rule::ALL.iter().map(|rule| {
            serde_json::json!({ "rule": rule.name, "severity": name(rule.severity, false), "meaning": rule.meaning })
        });
        return context.answer(&rules.collect::<Vec<_>>());
    }
    for rule in rule::ALL {
        ui::print(format_args!("{:24} {:12} {}", rule.name, severity_name(rule.severity), rule.meaning))?;
    }
    Ok(())
}

fn run_lint(args: &Lint, context: &Context) -> Result<()> {
    let files = files(&args.paths)?;
    let mut findings = Vec::new();
    for file in &files {
        findings.extend(look_at(file, args.declarative)?);
    }
    let count = |severity: &str| findings.iter().filter(|finding| finding.severity == severity).count();
    let answer = Answer { files: files.len(), errors: count("error"), warnings: count("warning"), findings };
    if !context.json {
        for Finding { file, line, column, severity, rule, what, fix } in &answer.findings {
            ui::print(format_args!("{file}:{line}:{column}: {severity}: {what}; {fix} [{rule}]"))?;
        }
    }
    context.answer(&answer)?;
    let total = format!("{} files: {} errors, {} warnings", answer.files, answer.errors, answer.warnings);
    if answer.errors > 0 {
        return Err(exit::wrong_as_answered(total));
    }
    context.ui.note(total);
    if let [only] = files.as_slice() {
        let folder = only.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        context.ui.next_step(format!("cargo xtask catalog {}", folder.display()));
    }
    Ok(())
}

/// The INF files that `paths` name, in the order of their paths.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let folder = Folder::read(path)?;
            let infs = folder.paths().filter(|path| is_setup(path) || is_source(path));
            found.extend(infs.map(|inf| path.join(inf)));
        } else if path.exists() {
            found.push(path.clone());
        } else {
            return Err(exit::usage(format!("there is no file {}", path.display())));
        }
    }
    if found.is_empty() {
        return Err(exit::usage("there is no .inf file in the folder"));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Whether a file is still to be stamped.
fn is_source(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".inx")
}

fn look_at(path: &Path, declarative: bool) -> Result<Vec<Finding>> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).with_context(|| format!("{name} cannot be read"))?;
    let mut problems = match problems(&name, &bytes) {
        Ok((inf, mut problems)) => {
            let beside =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !is_source(&name) {
                problems.extend(driver_package::missing(&inf, beside));
            }
            problems
        }
        Err(problems) => problems.list,
    };
    problems.sort();
    Ok(problems.into_iter().map(|problem| finding(&name, problem, declarative)).collect())
}

/// What is wrong with the file `name`, whose content is `bytes`, by itself. A source is looked at as if it were stamped;
/// one that is called like a stamped file is told so.
fn problems(name: &str, bytes: &[u8]) -> Result<(Inf, Vec<Problem>), Problems> {
    let mut problems = Vec::new();
    if !is_source(name) {
        let inf = Inf::parse(name, bytes)?;
        let found = lint::check(&inf);
        let Some(token) = found.iter().find(|problem| problem.rule == rule::UNRESOLVED_TOKEN) else {
            return Ok((inf, found));
        };
        problems.push(token.clone());
    }
    let inf = Inf::parse_source(name, bytes)?;
    // Stamping writes these.
    let stamped = [rule::DRIVER_VER, rule::CATALOG_FILE];
    problems.extend(lint::check(&inf).into_iter().filter(|problem| !stamped.contains(&problem.rule)));
    Ok((inf, problems))
}

fn finding(file: &str, problem: Problem, declarative: bool) -> Finding {
    let Problem { place, rule, what, instead } = problem;
    let severity = name(rule.severity, declarative);
    Finding {
        file: file.to_owned(),
        line: place.line,
        column: place.column,
        severity,
        rule: rule.name,
        what,
        fix: instead,
    }
}

fn name(severity: Severity, declarative: bool) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Declarative if declarative => "error",
        Severity::Warning | Severity::Declarative => "warning",
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Declarative => "declarative",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_looked_at_as_if_stamped() {
        let inx = include_bytes!("../../../inf/composite.inx");
        assert_eq!(problems("composite.inx", inx).unwrap().1, []);
        let rules: Vec<_> =
            problems("composite.inf", inx).unwrap().1.iter().map(|problem| problem.rule.name).collect();
        assert_eq!(rules, ["unresolved-token"]);
    }

    #[test]
    fn what_is_asked_for_decides_how_bad_it_is() {
        assert_eq!(name(Severity::Declarative, false), "warning");
        assert_eq!(name(Severity::Declarative, true), "error");
        assert_eq!(name(Severity::Warning, true), "warning");
    }

    #[test]
    fn files_of_a_folder_are_found_in_sub_folders() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["b.INF", "sub/a.inx", "c.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = files(&[folder.path().to_owned()]).unwrap();
        assert_eq!(found, [folder.path().join("b.INF"), folder.path().join("sub/a.inx")]);
        assert_eq!(exit::reason_of(&files(&[folder.path().join("none")]).unwrap_err()), exit::Reason::Usage);
    }
}
