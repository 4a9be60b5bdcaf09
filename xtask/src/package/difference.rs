//! Where two bundles differ, as precisely as can be said: the section of an image, the line of a text, the byte of the
//! rest.

use std::collections::BTreeSet;

use crate::bundle::Bundle;
use crate::pe::Image;

/// One line for each file that is not the same in both bundles.
pub(super) fn lines(one: &Bundle, other: &Bundle) -> Vec<String> {
    let paths: BTreeSet<&String> = one.files.keys().chain(other.files.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| match (one.get(path), other.get(path)) {
            (Some(left), Some(right)) if left == right => None,
            (Some(left), Some(right)) => Some(format!("{path}: {}", of_contents(left, right))),
            (Some(_), None) => Some(format!("{path}: only the first build made it")),
            (None, _) => Some(format!("{path}: only the second build made it")),
        })
        .collect()
}

fn of_contents(left: &[u8], right: &[u8]) -> String {
    let size = if left.len() == right.len() {
        String::new()
    } else {
        format!("{} bytes, then {}; ", left.len(), right.len())
    };
    let differing: Vec<usize> = left
        .iter()
        .zip(right)
        .enumerate()
        .filter(|(_, (left, right))| left != right)
        .map(|(at, _)| at)
        .collect();
    let Some(first) = differing.first().copied() else {
        return format!("{size}one is the beginning of the other");
    };
    if let Ok(image) = Image::parse(left) {
        return format!("{size}{}", of_images(&image, &differing));
    }
    match (str::from_utf8(left), str::from_utf8(right)) {
        (Ok(left), Ok(right)) => format!("{size}{}", of_texts(left, right)),
        _ => format!("{size}{} bytes differ, the first at {first:#x}", differing.len()),
    }
}

/// The places of an image that differ, each with the number of bytes.
fn of_images(image: &Image<'_>, differing: &[usize]) -> String {
    let mut places: Vec<(String, String, usize)> = Vec::new();
    for at in differing {
        let place = image.place_of(*at);
        let section = place.split(", ").next().unwrap_or_default().to_owned();
        match places.iter_mut().find(|(known, ..)| *known == section) {
            Some((.., count)) => *count += 1,
            None => places.push((section, place, 1)),
        }
    }
    let shown: Vec<String> =
        places.iter().map(|(_, first, count)| format!("{count} bytes differ from {first} on")).collect();
    shown.join("; ")
}

fn of_texts(left: &str, right: &str) -> String {
    let mut lines = left.lines().zip(right.lines()).enumerate();
    match lines.find(|(_, (left, right))| left != right) {
        Some((number, (left, right))) => format!("line {}: {left:?}, then {right:?}", number + 1),
        None => "the ends of lines differ".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pe::samples::{SectionSample, image_with_sections};

    fn bundle(files: &[(&str, &[u8])]) -> Bundle {
        Bundle { files: files.iter().map(|(path, content)| ((*path).to_owned(), content.to_vec())).collect() }
    }

    #[test]
    fn equal_bundles_have_no_difference() {
        assert_eq!(lines(&bundle(&[("a", b"x")]), &bundle(&[("a", b"x")])), Vec::<String>::new());
    }

    #[test]
    fn files_of_one_bundle_are_named() {
        let differences = lines(&bundle(&[("a", b"")]), &bundle(&[("b", b"")]));
        assert_eq!(differences, ["a: only the first build made it", "b: only the second build made it"]);
    }

    #[test]
    fn an_image_differs_in_a_section_a_text_in_a_line_and_the_rest_at_a_byte() {
        let image = image_with_sections(&[SectionSample { name: ".text", flags: 0, content: b"code" }]);
        let mut other = image.clone();
        other[0x48] ^= 1;
        other[0x201] ^= 1;
        other[0x202] ^= 1;
        let differences = lines(
            &bundle(&[("a.sys", &image), ("b.inf", b"one\ntwo\n"), ("c.pdb", b"\xFFabc")]),
            &bundle(&[("a.sys", &other), ("b.inf", b"one\n2\n"), ("c.pdb", b"\xFFabd")]),
        );
        assert_eq!(
            differences,
            [
                "a.sys: 1 bytes differ from the header's TimeDateStamp on; 2 bytes differ from section .text, address \
                 0x1001 on",
                "b.inf: 8 bytes, then 6; line 2: \"two\", then \"2\"",
                "c.pdb: 1 bytes differ, the first at 0x3",
            ]
        );
    }
}
