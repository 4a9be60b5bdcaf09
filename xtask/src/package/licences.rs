//! The licences of what others wrote and we ship, with the texts that they ask to be passed on.

use super::components::Component;
use crate::licence;

/// The file's name in a bundle.
pub(super) const FILE: &str = "THIRD-PARTY.txt";

/// One part for each package that others wrote. A text that several packages carry is printed once.
pub(super) fn text(components: &[Component]) -> String {
    let mut text = String::from(
        "Third-party software in this bundle\n===================================\n\n\
         Each image also contains parts of the Rust standard library (MIT OR Apache-2.0, https://www.rust-lang.org), and\n\
         nmrctl.exe those of the mingw-w64 runtime (https://www.mingw-w64.org) where it was linked with it.\n",
    );
    let mut printed: Vec<(&str, String)> = Vec::new();
    for component in components.iter().filter(|component| component.is_third_party()) {
        let title = format!("{} {}", component.name, component.version);
        let images: Vec<&str> = component.images.iter().map(String::as_str).collect();
        text.push_str(&format!("\n{title}\n{}\n", "-".repeat(title.len())));
        text.push_str(&format!(
            "in: {}\nlicence: {}\n",
            images.join(", "),
            licence::spelled(&component.licence)
        ));
        if !component.repository.is_empty() {
            text.push_str(&format!("source: {}\n", component.repository));
        }
        for (name, licence) in &component.texts {
            match printed.iter().find(|(known, _)| known == licence) {
                Some((_, place)) => text.push_str(&format!("\n[{name}: the same text as {place}]\n")),
                None => {
                    text.push_str(&format!("\n[{name}]\n{}\n", licence.trim_end()));
                    printed.push((licence, format!("{name} of {title}")));
                }
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::components::samples;

    #[test]
    fn what_others_wrote_is_named_and_each_text_is_there_once() {
        let mut components = samples::components("a.sys");
        let again = Component { name: "again".into(), ..components[1].clone() };
        components.push(again);
        let text = text(&components);
        assert!(text.contains("\nspin 0.10.0\n-----------\nin: a.sys\nlicence: MIT\n"), "{text}");
        assert_eq!(text.matches("Do as you like.").count(), 1);
        assert!(text.contains("[LICENSE: the same text as LICENSE of spin 0.10.0]"), "{text}");
        assert!(!text.contains("nmr 1.2.3"), "{text}");
    }
}
