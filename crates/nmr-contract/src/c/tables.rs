//! Dispatch tables.

use super::declarator::{declare, list, name, name_beside};
use super::{documentation, struct_name, structures, upper};
use crate::c_type::CType;
use crate::{Argument, Contract, Function, Output, Passing, Table, Target};
use std::fmt::Write as _;
use syn::Type;
use syn::spanned::Spanned as _;

/// The types of the functions of a table, and the table.
pub(super) fn table(text: &mut String, side: &str, table: &Table, contract: &Contract) -> syn::Result<()> {
    let c = struct_name(contract, &format!("{side}Dispatch"));
    for function in &table.functions {
        one(text, side, function, contract)?;
    }
    let mut says = documentation::lines(&table.attributes);
    says.extend([String::new(), format!("The dispatch table of a {}.", side.to_lowercase())]);
    documentation::block(text, "", &says);
    let _ = writeln!(text, "typedef struct _{c} {{");
    structures::header(text, table.header, contract);
    for function in &table.functions {
        let (field, pointer) = (field_name(table, function), pointer(side, function, contract));
        let mut says = Vec::new();
        says.extend(function.since.map(|(since, _)| format!("Since version {since}.")));
        says.extend(function.optional.then(|| "May be NULL.".to_owned()));
        if !says.is_empty() {
            documentation::block(text, "    ", &[says.join(" ")]);
        }
        let _ = writeln!(text, "    {pointer} {field};");
    }
    let _ = writeln!(text, "}} {c};");
    let _ = writeln!(text, "NPI_LAYOUT(sizeof({c}) == {});", table.offset(table.functions.len()));
    for (index, function) in table.functions.iter().enumerate() {
        let field = field_name(table, function);
        let _ = writeln!(text, "NPI_LAYOUT(offsetof({c}, {field}) == {});", table.offset(index));
    }
    text.push('\n');
    Ok(())
}

fn field_name(table: &Table, function: &Function) -> String {
    name_beside(&function.name.to_string(), table.header.kind.field_names())
}

/// The type of a function.
fn pointer(side: &str, function: &Function, contract: &Contract) -> String {
    format!("{}_{}_FN", struct_name(contract, side), upper(&function.name.to_string()))
}

fn one(text: &mut String, side: &str, function: &Function, contract: &Contract) -> syn::Result<()> {
    let mut says = documentation::lines(&function.attributes);
    if let Some(level) = function.arguments.level {
        says.extend([String::new(), format!("{}.", level.in_words())]);
    }
    documentation::block(text, "", &says);
    let mut arguments = Vec::new();
    if function.has_context {
        let context = format!("{}_binding_context", side.to_lowercase());
        arguments.push(format!("void *{}", free(&context, function)));
    }
    for argument in &function.arguments.passed {
        arguments.extend(passed(argument, contract)?);
    }
    if let Some(out) = function.out() {
        let out = CType::Pointer { to: Box::new(CType::of(out, contract)?), mutable: true };
        arguments.push(declare(&out, &free("result", function)));
    }
    let answer = match &function.output {
        Output::Value(value) => declare(&by_value(value, contract)?, ""),
        Output::Result(_) => "NTSTATUS".to_owned(),
    };
    let pointer = pointer(side, function, contract);
    let _ = writeln!(text, "typedef {answer} (NTAPI *{pointer})({});\n", list(&arguments));
    Ok(())
}

/// A name that no argument has.
fn free(wanted: &str, function: &Function) -> String {
    let mut free = wanted.to_owned();
    while function
        .arguments
        .passed
        .iter()
        .any(|argument| argument.name == free || argument.length_name().as_ref() == Some(&free))
    {
        free.push('_');
    }
    free
}

/// A type that crosses as it is. The compiler refuses the same of Rust.
fn by_value(written: &Type, contract: &Contract) -> syn::Result<CType> {
    match CType::of(written, contract)? {
        CType::Array(..) => Err(syn::Error::new(
            written.span(),
            "C passes an array as an address: take a reference, such as `&[u8; 4]`; as an answer, return \
             `nmr::Result<[u8; 4]>`, which is an out parameter",
        )),
        value => Ok(value),
    }
}

fn passed(argument: &Argument, contract: &Contract) -> syn::Result<Vec<String>> {
    let argument_name = name(&argument.name.to_string());
    let address = |target: &Target| {
        let to = Box::new(CType::of(&target.of, contract)?);
        Ok::<_, syn::Error>(declare(&CType::Pointer { to, mutable: target.mutable }, &argument_name))
    };
    Ok(match &argument.passing {
        Passing::Value(value) => vec![declare(&by_value(value, contract)?, &argument_name)],
        Passing::Reference(target) => vec![address(target)?],
        Passing::Slice(target) => {
            let length = argument.length_name().unwrap_or_default();
            vec![address(target)?, format!("size_t {length}")]
        }
    })
}
