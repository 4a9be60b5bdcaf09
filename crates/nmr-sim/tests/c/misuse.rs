//! Modules in C that break a rule: each is reported by its name, once told the process aborts, and nothing else happens.

use crate::toolchain::{compile, have, run};
use nmr_sim::{Rule, Severity};
use std::process::Command;

/// What is reported on standard error, one rule for each report.
fn reported(errors: &str) -> Vec<String> {
    let report = |line: &str| {
        let line = line.strip_prefix("nmr-sim: ")?;
        line.strip_prefix("error ")
            .or_else(|| line.strip_prefix("warning "))?
            .split(':')
            .next()
            .map(str::to_owned)
    };
    errors.lines().filter_map(report).collect()
}

#[test]
fn every_rule_is_reported_and_the_module_goes_on() {
    if !have("cc") {
        return;
    }
    let program = compile("misuse", "reported", &["-fsanitize=address"]);
    for rule in Rule::ALL {
        // One of the cases looks at the story, for the moment at which a thread waits.
        let ended = run(Command::new(&program).arg(rule.name()).env("NMR_SIM_EVENTS", "record")).succeeded();
        assert_eq!(ended.output, "went on\n", "{rule}: {}", ended.errors);
        let reported = reported(&ended.errors);
        assert!(
            !reported.is_empty() && reported.iter().all(|name| name == rule.name()),
            "{rule}: {reported:?}"
        );
        assert!(ended.errors.contains(rule.page()), "{rule}: {}", ended.errors);
    }
}

#[test]
fn a_warning_is_told_a_few_times_and_an_error_every_time() {
    if !have("cc") {
        return;
    }
    let program = compile("misuse", "repeated", &[]);
    for (rule, told) in [(Rule::VersionField, 5), (Rule::WaitBeforeDeregister, 20)] {
        let ended = run(Command::new(&program).arg(rule.name()).arg("20")).succeeded();
        assert_eq!(reported(&ended.errors), vec![rule.name(); told], "{}", ended.errors);
        let counted = format!("nmr-sim: from here on {rule} is counted");
        assert_eq!(ended.errors.matches(&counted).count(), usize::from(told == 5), "{}", ended.errors);
    }
}

#[test]
fn an_error_aborts_where_that_was_asked_for_and_a_warning_does_not() {
    if !have("cc") {
        return;
    }
    let program = compile("misuse", "aborted", &[]);
    for rule in Rule::ALL {
        let ended = run(Command::new(&program)
            .arg(rule.name())
            .env("NMR_SIM_EVENTS", "record")
            .env("NMR_SIM_ON_VIOLATION", "abort"));
        let ended = match rule.severity() {
            Severity::Error => ended.aborted(),
            Severity::Warning => ended.succeeded(),
        };
        assert_eq!(
            reported(&ended.errors).first().map(String::as_str),
            Some(rule.name()),
            "{}",
            ended.errors
        );
        if rule.severity() == Severity::Error {
            assert_eq!(reported(&ended.errors).len(), 1, "{}", ended.errors);
            assert!(ended.errors.contains("nmr-sim: aborted"), "{}", ended.errors);
        }
    }
}
