//! Private builds of two samples beside the public ones: the same NPIs, the same code, and neither meets the other.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use nmr_lab::log::Line;
use nmr_lab::{Lab, Nmrctl};

use super::expectations::{LOAD_LIMIT, UNLOAD_LIMIT, pattern};
use super::rounds;
use super::tally::Counter;
use crate::context::Context;
use crate::pe::Image;
use crate::registrations;

/// The samples that are built once more: the first provides what the second is a client of.
pub(super) const SAMPLES: [&str; 2] = ["echo-provider", "echo-client"];
/// What makes their NPIs private.
pub(super) const SUFFIX: &str = "the lab";
/// Their services.
const PRIVATE: [&str; 2] = ["private-echo-provider", "private-echo-client"];
/// The registration that both samples have, one on each side.
const SHARED: &str = "echo";

/// What is loaded, one after the other, and the pairs that NMR has attached by then.
const STEPS: [(&str, usize); 4] = [
    // The client of one build and the provider of the other.
    (SAMPLES[1], 0),
    (PRIVATE[0], 0),
    (PRIVATE[1], 1),
    (SAMPLES[0], 2),
];

/// Loads the samples and their private builds, and answers what was seen, in one sentence.
pub(super) fn run(
    context: &Context,
    lab: &Lab,
    nmrctl: &Nmrctl<'_>,
    images: &[PathBuf; 2],
) -> Result<String> {
    let step = context.ui.step("a private build beside the public one");
    let private = identifier(&images[0])?;
    for (name, image) in PRIVATE.iter().zip(images) {
        lab.add_driver(name, image)?;
    }
    let begin = lab.log().end()?;
    for (name, pairs) in STEPS {
        nmrctl.start(name, LOAD_LIMIT)?;
        let attached = attached(&lab.log().since(begin)?.0);
        ensure!(attached.len() == pairs, "with {name} loaded there should be {pairs} pairs: {attached:?}");
    }
    lab.mark_well();
    let attached = attached(&lab.log().since(begin)?.0);
    ensure!(
        attached[0] == private && attached[1] != private,
        "the private build should meet over {private} and the public one over another NPI: {attached:?}"
    );
    for (name, _) in STEPS {
        nmrctl.stop(name, UNLOAD_LIMIT)?;
    }
    rounds::judge(lab, begin, &mut Counter::new()).context("a private build beside the public one")?;
    step.done("");
    let drivers = SAMPLES.join(" and ");
    Ok(format!("private builds of {drivers} ran beside the public ones: each met its own alone"))
}

/// The identifier of the NPI that the samples share, as the provider's image has it.
fn identifier(provider: &Path) -> Result<String> {
    let image = fs::read(provider).with_context(|| format!("{} cannot be read", provider.display()))?;
    let registrations = Image::parse(&image)
        .and_then(|image| registrations::of_image(&image))
        .with_context(|| provider.display().to_string())?;
    let shared = registrations.into_iter().find(|registration| registration.name == SHARED);
    Ok(shared.with_context(|| format!("{} does not register {SHARED}", provider.display()))?.npi)
}

/// The NPI of each pair that was attached, in order.
fn attached(lines: &[Line]) -> Vec<String> {
    let attached = pattern(r"^nmr-sim: \d+ attached .*\bnpi=(?<npi>\S+)");
    lines.iter().filter_map(|line| attached.captures(&line.text)).map(|pair| pair["npi"].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_told_by_their_npi() {
        let line = |text: &str| Line { time: String::new(), thread: String::new(), text: text.to_owned() };
        let lines = [
            line("nmr-sim: 2 attached binding=1 client=2 provider=1 npi=a-1 status=STATUS_SUCCESS"),
            line("nmr-sim: 3 refused binding=2 client=2 provider=3 npi=a-2 status=STATUS_NOINTERFACE"),
            line("nmr-sim: 4 attached binding=3 client=2 provider=4 npi=a-3 status=STATUS_SUCCESS"),
        ];
        assert_eq!(attached(&lines), ["a-1", "a-3"]);
    }
}
