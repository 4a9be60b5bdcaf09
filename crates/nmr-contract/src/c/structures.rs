//! Structures: what is `#[plain]`, and characteristics behind their header.

use super::declarator::{declare, name_beside};
use super::order::{self, Step};
use super::{documentation, struct_name, upper};
use crate::c_type::CType;
use crate::{Characteristics, Contract, Convention, Field, Kind, Layout, PlainStruct, Reading};
use std::fmt::Write as _;
use syn::{Expr, ImplItem, Item, Type};

/// The structs marked `#[plain]`, and the constants of the contract.
pub(super) fn plain(text: &mut String, module: &Reading, contract: &Contract) -> syn::Result<()> {
    let items = module.module.content.iter().flat_map(|(_, items)| items);
    for item in items.clone() {
        if let Item::Const(constant) = item
            && let Some(value) = number(&constant.expr)
        {
            documentation::block(text, "", &documentation::lines(&constant.attrs));
            let name = struct_name(contract, &constant.ident.to_string());
            let _ = writeln!(text, "#define {name} {value}\n");
        }
    }
    for step in order::of(contract) {
        match step {
            Step::Announce(plain) => {
                let c = struct_name(contract, &plain.name.to_string());
                let _ = writeln!(text, "typedef struct _{c} {c};\n");
            }
            Step::Define(plain) => {
                one_plain(text, plain, contract)?;
                values(text, plain, items.clone(), contract);
            }
        }
    }
    Ok(())
}

fn one_plain(text: &mut String, plain: &PlainStruct, contract: &Contract) -> syn::Result<()> {
    let c = struct_name(contract, &plain.name.to_string());
    documentation::block(text, "", &documentation::lines(&plain.attributes));
    if let Some(named) = plain.renames(contract) {
        let _ = writeln!(text, "typedef {};\n", declare(&named, &c));
        return Ok(());
    }
    let layout = Layout::of(&plain.fields, contract)?;
    let _ = writeln!(text, "typedef struct _{c} {{");
    fields(text, &plain.fields, &[], contract)?;
    let _ = writeln!(text, "}} {c};");
    assertions(text, &c, &plain.fields, &[], &layout, 0);
    Ok(())
}

/// The constants that are values of the struct: `pub const FILE: Self = Self(1)`.
fn values<'a>(
    text: &mut String,
    plain: &PlainStruct,
    items: impl Iterator<Item = &'a Item>,
    contract: &Contract,
) {
    let c = struct_name(contract, &plain.name.to_string());
    let mut any = false;
    for item in items {
        let Item::Impl(values) = item else { continue };
        let of_plain = matches!(&*values.self_ty, Type::Path(path) if path.path.is_ident(&plain.name));
        if !of_plain || values.trait_.is_some() {
            continue;
        }
        for value in &values.items {
            let ImplItem::Const(constant) = value else { continue };
            let Expr::Call(call) = &constant.expr else { continue };
            let Some(value) = call.args.first().filter(|_| call.args.len() == 1).and_then(number) else {
                continue;
            };
            if plain.renames(contract).is_some() {
                documentation::block(text, "", &documentation::lines(&constant.attrs));
                let _ = writeln!(text, "#define {c}_{} (({c}){value})", upper(&constant.ident.to_string()));
                any = true;
            }
        }
    }
    if any {
        text.push('\n');
    }
}

/// A number as C writes it.
fn number(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Int(number) => {
                let value: u64 = number.base10_parse().ok()?;
                // A decimal number that is no `long long` is none in C; a hexadecimal one finds its type.
                let hexadecimal = number.to_string().starts_with("0x") || i64::try_from(value).is_err();
                Some(if hexadecimal { format!("0x{value:x}") } else { value.to_string() })
            }
            _ => None,
        },
        _ => None,
    }
}

/// What modules of `side` show.
pub(super) fn characteristics(
    text: &mut String,
    side: &str,
    shown: &Characteristics,
    contract: &Contract,
) -> syn::Result<()> {
    let c = struct_name(contract, &format!("{side}Characteristics"));
    let inner = Layout::of(&shown.fields, contract)?;
    let begin = shown.header.kind.layout().0.next_multiple_of(inner.align);
    let mut says = documentation::lines(&shown.attributes);
    says.extend([String::new(), format!("NpiSpecificCharacteristics of a {}.", side.to_lowercase())]);
    documentation::block(text, "", &says);
    let _ = writeln!(text, "typedef struct _{c} {{");
    header(text, shown.header, contract);
    // Behind a short header C would put a narrow first field closer than a structure begins.
    let first = shown.fields.first().map(|field| CType::of(&field.field_type, contract)).transpose()?;
    let (header_size, _) = shown.header.kind.layout();
    let in_header = shown.header.kind.field_names();
    let first_align = first.map_or(1, |first| first.align());
    if header_size > 0 && header_size.next_multiple_of(first_align) != begin {
        let _ = writeln!(text, "    uint8_t header_padding[{}];", begin - header_size);
    }
    fields(text, &shown.fields, in_header, contract)?;
    let _ = writeln!(text, "}} {c};");
    let (_, header_align) = shown.header.kind.layout();
    let whole = Layout {
        size: (begin + inner.size).next_multiple_of(inner.align.max(header_align)),
        align: inner.align.max(header_align),
        offsets: inner.offsets,
    };
    assertions(text, &c, &shown.fields, in_header, &whole, begin);
    Ok(())
}

/// The fields of the header, with what goes into them.
pub(super) fn header(text: &mut String, header: Convention, contract: &Contract) {
    let version = header.version.unwrap_or(contract.identity.version);
    let version = format!("/** {version}. */");
    let size = "/** The size of the structure, in bytes. */";
    let fields: &[(&str, &str)] = match header.kind {
        Kind::None => &[],
        Kind::VersionSize => &[(&version, "uint16_t"), (size, "uint16_t")],
        Kind::VersionReserved => &[(&version, "uint16_t"), ("/** 0. */", "uint16_t")],
        Kind::Size => &[(size, "uint16_t")],
        Kind::RevisionSize => &[(&version, "uint32_t"), (size, "uint32_t")],
        Kind::VersionCount => &[(&version, "uint16_t"), ("/** How many functions there are. */", "uint16_t")],
        Kind::VersionSizeTotal => &[
            (&version, "uint16_t"),
            ("/** To the end of the last field, in bytes. */", "size_t"),
            (size, "size_t"),
        ],
    };
    for ((says, of), name) in fields.iter().zip(header.kind.field_names()) {
        let _ = writeln!(text, "    {says}\n    {of} {name};");
    }
}

fn fields(text: &mut String, fields: &[Field], taken: &[&str], contract: &Contract) -> syn::Result<()> {
    for (index, field) in fields.iter().enumerate() {
        documentation::block(text, "    ", &documentation::lines(&field.attributes));
        let declared = declare(&CType::of(&field.field_type, contract)?, &field_name(field, index, taken));
        let _ = writeln!(text, "    {declared};");
    }
    Ok(())
}

fn field_name(field: &Field, index: usize, taken: &[&str]) -> String {
    let named = field.name.as_ref().map(|field| name_beside(&field.to_string(), taken));
    named.unwrap_or_else(|| format!("field_{index}"))
}

/// What the macro asserts of Rust's structure.
fn assertions(text: &mut String, c: &str, fields: &[Field], taken: &[&str], layout: &Layout, begin: usize) {
    let _ = writeln!(text, "NPI_LAYOUT(sizeof({c}) == {});", layout.size);
    for (index, (field, offset)) in fields.iter().zip(&layout.offsets).enumerate() {
        let _ = writeln!(
            text,
            "NPI_LAYOUT(offsetof({c}, {}) == {});",
            field_name(field, index, taken),
            begin + offset
        );
    }
    text.push('\n');
}
