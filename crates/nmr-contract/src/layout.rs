//! How long structures are on 64-bit Windows, and where their fields are. The macro asserts the same numbers of Rust's
//! structures as the header does of C's.

use crate::c_type::CType;
use crate::{Contract, Field, PlainStruct};
use syn::Type;

/// Size and alignment of a structure and where its fields are, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its size.
    pub size: usize,
    /// Its alignment.
    pub align: usize,
    /// The offset of each field.
    pub offsets: Vec<usize>,
}

impl Layout {
    /// Of fields one after the other.
    ///
    /// # Errors
    /// A field's type is none that a contract can describe.
    pub fn of(fields: &[Field], contract: &Contract) -> syn::Result<Self> {
        let types = fields.iter().map(|field| CType::of(&field.field_type, contract));
        Ok(Self::of_types(&types.collect::<syn::Result<Vec<_>>>()?))
    }

    /// Size and alignment of a type by its name, if C knows it by that name alone: an alias, or a type of NMR. Integers and
    /// the contract's own structures need no such assertion.
    pub fn of_name(written: &Type, contract: &Contract) -> Option<(usize, usize)> {
        let Type::Path(path) = written else { return None };
        let is_alias = contract.aliases.iter().any(|alias| alias.is(path));
        let is_plain = contract.plain.iter().any(|plain| path.path.is_ident(&plain.name));
        let is_integer =
            path.path.get_ident().is_some_and(|name| INTEGERS.iter().any(|integer| name == integer));
        if !is_alias && (is_plain || is_integer) {
            return None;
        }
        Some(CType::of(written, contract).ok()?.size_and_align())
    }

    pub(crate) fn of_types(types: &[CType]) -> Self {
        let mut layout = Self { size: 0, align: 1, offsets: Vec::new() };
        for field in types {
            let (size, align) = field.size_and_align();
            layout.push(size, align);
        }
        layout.size = layout.size.next_multiple_of(layout.align);
        layout
    }

    fn push(&mut self, size: usize, align: usize) {
        let offset = self.size.next_multiple_of(align);
        self.offsets.push(offset);
        self.size = offset + size;
        self.align = self.align.max(align);
    }
}

/// The integers that nobody needs to look up.
const INTEGERS: &[&str] = &["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize"];

impl PlainStruct {
    /// The integer that the struct is another name of, if it is nothing more: C has no newtypes.
    pub(crate) fn renames(&self, contract: &Contract) -> Option<CType> {
        match &self.fields[..] {
            [Field { name: None, field_type, .. }] => match CType::of(field_type, contract).ok()? {
                named @ CType::Named { .. } => Some(named),
                _ => None,
            },
            _ => None,
        }
    }
}
