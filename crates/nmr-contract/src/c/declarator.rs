//! Declarations as C writes them, inside out.

use crate::c_type::CType;

/// Words that C or C++ keeps for itself, and Rust does not.
const TAKEN: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "class",
    "compl",
    "const_cast",
    "constexpr",
    "decltype",
    "default",
    "delete",
    "double",
    "dynamic_cast",
    "explicit",
    "export",
    "float",
    "friend",
    "goto",
    "int",
    "inline",
    "interface",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "restrict",
    "short",
    "signed",
    "sizeof",
    "static_assert",
    "static_cast",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "union",
    "unsigned",
    "using",
    "void",
    "volatile",
    "wchar_t",
    "xor",
    "xor_eq",
];

/// A name of Rust as C can have it.
pub(super) fn name(rust: &str) -> String {
    let name = rust.trim_start_matches("r#");
    let taken = TAKEN.contains(&name) || name != rust;
    if taken { format!("{name}_") } else { name.to_owned() }
}

/// The same where `taken` are names already.
pub(super) fn name_beside(rust: &str, taken: &[&str]) -> String {
    let name = name(rust);
    if taken.contains(&name.as_str()) { format!("{name}_") } else { name }
}

/// `name` of the type.
pub(super) fn declare(of: &CType, name: &str) -> String {
    let spaced = |c: &str| match name {
        "" => c.to_owned(),
        _ => format!("{c} {name}"),
    };
    match of {
        CType::Void => spaced("void"),
        CType::Named { c, .. } => spaced(c),
        CType::Array(element, length) => declare(element, &format!("{name}[{length}]")),
        CType::Pointer { to, mutable } => {
            let constant = if *mutable { "" } else { "const " };
            match &**to {
                CType::Pointer { .. } => declare(to, &format!("{constant}*{name}")),
                CType::Array(..) => format!("{constant}{}", declare(to, &format!("(*{name})"))),
                CType::Function { .. } => declare(to, &format!("{constant}*{name}")),
                _ => format!("{constant}{}", declare(to, &format!("*{name}"))),
            }
        }
        CType::Function { arguments, answer } => {
            let argument = |(argument, of): &(Option<String>, CType)| {
                declare(of, &argument.as_deref().map(self::name).unwrap_or_default())
            };
            let arguments: Vec<String> = arguments.iter().map(argument).collect();
            declare(answer, &format!("(NTAPI *{name})({})", list(&arguments)))
        }
    }
}

/// What stands between the brackets.
pub(super) fn list(arguments: &[String]) -> String {
    match arguments {
        [] => "void".to_owned(),
        some => some.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::{CType, declare, name};

    fn named(c: &str) -> CType {
        CType::Named { c: c.to_owned(), size: 4, align: 4 }
    }

    fn pointer(to: CType, mutable: bool) -> CType {
        CType::Pointer { to: Box::new(to), mutable }
    }

    #[test]
    fn declarations_are_read_inside_out() {
        assert_eq!(declare(&named("uint32_t"), "a"), "uint32_t a");
        assert_eq!(declare(&pointer(CType::Void, false), "a"), "const void *a");
        assert_eq!(declare(&pointer(pointer(CType::Void, false), true), "a"), "const void **a");
        assert_eq!(declare(&pointer(pointer(CType::Void, true), false), "a"), "void *const *a");
        let array = CType::Array(Box::new(CType::Array(Box::new(named("int")), 2)), 3);
        assert_eq!(declare(&array, "a"), "int a[3][2]");
        assert_eq!(declare(&pointer(array, true), "a"), "int (*a)[3][2]");
        let function = CType::Function {
            arguments: vec![(Some("new".into()), named("int")), (None, pointer(CType::Void, true))],
            answer: Box::new(pointer(CType::Void, true)),
        };
        assert_eq!(declare(&function, "a"), "void *(NTAPI *a)(int new_, void *)");
        let nothing = CType::Function { arguments: vec![], answer: Box::new(CType::Void) };
        assert_eq!(declare(&pointer(nothing, true), "a"), "void (NTAPI **a)(void)");
    }

    #[test]
    fn words_of_c_are_not_names() {
        assert_eq!(
            ["register", "r#type", "decltype", "value"].map(name),
            ["register_", "type_", "decltype_", "value"]
        );
    }
}
