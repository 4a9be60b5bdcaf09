//! The setup information file of a new driver: that of a sample under another name.

use super::driver_text::sentence;
use super::request::Request;

const SAMPLE: &str = include_str!("../../../inf/composite.inx");
const SAMPLE_NAME: &str = "composite";

/// The text of `inf/<name>.inx`.
pub(super) fn text(request: &Request) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some((key, _)) if key.trim_end() == "Description" && line.contains('"') => {
            format!("{key}= \"{}\"\n", sentence(request))
        }
        _ => line.replace(SAMPLE_NAME, request.name.as_str()) + "\n",
    };
    SAMPLE.lines().map(line).collect()
}
