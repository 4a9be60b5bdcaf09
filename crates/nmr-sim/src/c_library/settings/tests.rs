//! What a setting is called, and what it takes.

use super::{ALL, Events, OnViolation, Settings, variable};
use std::time::Duration;

fn from(variables: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    Settings::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn a_setting_is_the_same_by_call_and_by_variable() {
    let values = [
        "abort",
        "seeded",
        "provider-first",
        "dispatch",
        "no",
        "success",
        "no",
        "no",
        "7",
        "none",
        "250",
        "3",
        "print",
    ];
    let mut called = Settings::default();
    let mut variables = Vec::new();
    for (setting, value) in ALL.iter().zip(values) {
        let before = called.clone();
        called.set(setting.name, value).expect("a value of this setting");
        assert_ne!(called, before, "{} has no effect", setting.name);
        variables.push((variable(setting.name), value.to_owned()));
    }
    assert_eq!(Settings::from_variables(variables), Ok(called.clone()));
    assert_eq!(called.on_violation, OnViolation::Abort);
    assert_eq!((called.wait_report, called.wait_limit), (None, Some(Duration::from_millis(250))));
    assert_eq!((called.fail_nth, called.events), (3, Events::Print));
}

#[test]
fn other_variables_do_not_matter() {
    assert_eq!(from(&[("HOME", "x"), ("NMR_SIMPLE", "x")]), Ok(Settings::default()));
}

#[test]
fn what_is_not_understood_is_named_with_what_would_be() {
    let wrong = from(&[("NMR_SIM_SEED", "many"), ("NMR_SIM_SEDE", "1")]).expect_err("both are wrong");
    assert_eq!(wrong[0], "`seed` (NMR_SIM_SEED) is `many` and must be a number or `none`");
    assert!(wrong[1].starts_with("NMR_SIM_SEDE is no setting; there are NMR_SIM_ON_VIOLATION,"), "{wrong:?}");
    let mut settings = Settings::default();
    let wrong = settings.set("on_violation", "abort").expect_err("a dash, not an underscore");
    assert!(wrong.starts_with("`on_violation` is no setting; there are on-violation,"), "{wrong}");
    assert_eq!(settings, Settings::default());
}

#[test]
fn the_headers_name_every_setting_and_every_value() {
    let read = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("include").join(name);
        std::fs::read_to_string(path).expect("the header")
    };
    let (contract, control) = (read("netioddk.h"), read("nmr_sim.h"));
    for setting in ALL {
        let variable = variable(setting.name);
        assert!(contract.contains(&variable), "netioddk.h lacks {variable}");
        assert!(control.contains(&variable), "nmr_sim.h lacks {variable}");
        for value in setting.values.split('`').skip(1).step_by(2) {
            assert!(control.contains(value), "nmr_sim.h lacks {value} of {}", setting.name);
        }
    }
}
