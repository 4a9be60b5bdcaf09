//! Writing an INF file from its parts. Comments and the author's columns are not kept; what it says is.

use super::Inf;
use super::model::{Field, Line, Section};

/// The sections of `inf` as text, lines ended by CR LF. Read again they are the same sections.
pub(crate) fn text(inf: &Inf) -> String {
    let sections: Vec<String> = inf.sections.iter().map(section).collect();
    sections.join("\r\n")
}

/// Whether two files have the same sections with the same lines, wherever these stand.
pub(crate) fn says_the_same(left: &Inf, right: &Inf) -> bool {
    let text = |field: &Field| field.text.clone();
    let lines = |section: &Section| {
        let line =
            |line: &Line| (line.key.as_ref().map(text), line.fields.iter().map(text).collect::<Vec<_>>());
        section.lines.iter().map(line).collect::<Vec<_>>()
    };
    let pairs = left.sections.iter().zip(&right.sections);
    left.sections.len() == right.sections.len()
        && pairs.into_iter().all(|(left, right)| left.name == right.name && lines(left) == lines(right))
}

fn section(Section { name, lines, .. }: &Section) -> String {
    let mut text = format!("[{name}]\r\n");
    for line in lines {
        text.push_str(&self::line(line));
        text.push_str("\r\n");
    }
    text
}

fn line(Line { key, fields }: &Line) -> String {
    let values: Vec<String> = fields.iter().map(field).collect();
    let values = values.join(", ");
    match key {
        Some(key) if values.is_empty() => format!("{} =", field(key)),
        Some(key) => format!("{} = {values}", field(key)),
        // An empty line would be none.
        None if values.is_empty() => "\"\"".to_owned(),
        None => values,
    }
}

/// A field as it stands, or in quotes where something in it would have a meaning.
fn field(Field { text, .. }: &Field) -> String {
    let has_meaning = |char: char| ",;=[]\"".contains(char) || (char != ' ' && char.is_whitespace());
    let bare =
        !text.is_empty() && text.trim() == text && !text.ends_with('\\') && !text.contains(has_meaning);
    if bare { text.clone() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<Inf> {
        Inf::parse("t.inf", text.as_bytes()).ok()
    }

    #[track_caller]
    fn comes_back(file: &str) {
        let Some(first) = read(file) else { return };
        let printed = text(&first);
        let second = read(&printed).unwrap_or_else(|| panic!("{file:?} was printed as {printed:?}"));
        assert!(says_the_same(&second, &first), "{file:?} was printed as {printed:?}");
        assert_eq!(text(&second), printed);
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let inf = read("[A]\nk = a b, \"c;d\", \"e\"\"\", %13%\\x.sys, \"dir\\\", \"\", f\n").unwrap();
        assert_eq!(text(&inf), "[A]\r\nk = a b, \"c;d\", \"e\"\"\", %13%\\x.sys, \"dir\\\", \"\", f\r\n");
    }

    #[test]
    fn odd_lines_come_back() {
        for file in [
            "[A]\n\"\"\n",
            "[A]\n,\n",
            "[A]\n= x\n",
            "[A]\n\"[x]\"\n",
            "[A]\n\"a=b\"\n",
            "[ ;; x ]\n\"a\r\"\n",
        ] {
            comes_back(file);
        }
    }

    #[test]
    fn the_files_of_the_workspace_come_back() {
        for file in [
            include_str!("../../../inf/composite.inx"),
            include_str!("../../../inf/echo-client.inx"),
            include_str!("../../../inf/echo-provider.inx"),
        ] {
            assert!(read(file).is_some());
            comes_back(file);
            assert!(!says_the_same(&read(file).unwrap(), &read("[A]\n").unwrap()));
        }
    }

    proptest! {
        #[test]
        fn what_was_read_and_printed_is_read_the_same(body in "[\\[\\]a%\"\\\\;,= \\n\\r\\t\u{e9}\u{a0}]{0,80}") {
            comes_back(&format!("[A]\n{body}"));
        }

        #[test]
        fn fields_of_any_text_come_back(values in prop::collection::vec("[ -~\u{a0}\u{2028}]{0,12}", 1..5)) {
            let quoted = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\"")));
            let body = quoted.collect::<Vec<_>>().join(",");
            comes_back(&format!("[A]\n{body}\nkey = {body}\n"));
        }
    }
}
