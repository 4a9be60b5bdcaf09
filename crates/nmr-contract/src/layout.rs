//! Types as C sees them, and how long they are on 64-bit Windows. The macro asserts the same numbers of Rust's structures
//! as the header does of C's.

use crate::{Contract, Field, PlainStruct};
use syn::spanned::Spanned;
use syn::{
    BareFnArg, Expr, GenericArgument, Lit, PathArguments, ReturnType, Type, TypeArray, TypeBareFn, TypePath,
};

/// A type that C knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CType {
    /// `void`.
    Void,
    /// A type by its name in C.
    Named { c: String, size: usize, align: usize },
    /// Several of one type.
    Array(Box<CType>, usize),
    /// An address.
    Pointer { to: Box<CType>, mutable: bool },
    /// The address of a function: what it takes and what it answers.
    Function { arguments: Vec<(Option<String>, CType)>, answer: Box<CType> },
}

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

const WORD: usize = 8;

impl Layout {
    /// Of fields one after the other.
    ///
    /// # Errors
    /// A field's type is none that a contract can describe.
    pub fn of(fields: &[Field], contract: &Contract) -> syn::Result<Self> {
        let mut layout = Self { size: 0, align: 1, offsets: Vec::new() };
        for field in fields {
            let (size, align) = CType::of(&field.field_type, contract)?.size_and_align();
            layout.push(size, align);
        }
        layout.size = layout.size.next_multiple_of(layout.align);
        Ok(layout)
    }

    fn push(&mut self, size: usize, align: usize) {
        let offset = self.size.next_multiple_of(align);
        self.offsets.push(offset);
        self.size = offset + size;
        self.align = self.align.max(align);
    }
}

impl CType {
    /// The type as a contract writes it.
    pub(crate) fn of(written: &Type, contract: &Contract) -> syn::Result<Self> {
        match written {
            Type::Tuple(unit) if unit.elems.is_empty() => Ok(Self::Void),
            Type::Paren(inner) => Self::of(&inner.elem, contract),
            Type::Group(inner) => Self::of(&inner.elem, contract),
            Type::Path(path) => Self::named(path, contract),
            Type::Array(array) => Self::array(array, contract),
            Type::Ptr(pointer) => Ok(Self::Pointer {
                // What is behind an address need not be of the contract.
                to: Box::new(Self::of(&pointer.elem, contract).unwrap_or(Self::Void)),
                mutable: pointer.mutability.is_some(),
            }),
            other => Err(syn::Error::new(other.span(), "C knows no such type")),
        }
    }

    fn named(path: &TypePath, contract: &Contract) -> syn::Result<Self> {
        let unknown = |name: &str| {
            let message =
                format!("`{name}` is no type of the contract: mark the struct `#[plain]` in its module");
            syn::Error::new(path.span(), message)
        };
        let last = path.path.segments.last().ok_or_else(|| unknown("?"))?;
        let name = last.ident.to_string();
        if name == "Option"
            && let PathArguments::AngleBracketed(arguments) = &last.arguments
            && let Some(GenericArgument::Type(of)) = arguments.args.first()
        {
            // Nothing crosses as an option but a function; what an alias takes is not known here.
            let unknown = Self::Function { arguments: Vec::new(), answer: Box::new(Self::Void) };
            return match of {
                Type::BareFn(function) => Self::function(function, contract),
                _ => Ok(unknown),
            };
        }
        if let Some(plain) = contract.plain.iter().find(|plain| plain.name == name) {
            let layout = Layout::of(&plain.fields, contract)?;
            let c = crate::c::struct_name(contract, &name);
            return Ok(Self::Named { c, size: layout.size, align: layout.align });
        }
        Self::scalar(&name).ok_or_else(|| unknown(&name))
    }

    fn scalar(name: &str) -> Option<Self> {
        let (c, size, align) = match name {
            "c_void" => return Some(Self::Void),
            "u8" => ("uint8_t", 1, 1),
            "u16" => ("uint16_t", 2, 2),
            "u32" => ("uint32_t", 4, 4),
            "u64" => ("uint64_t", 8, 8),
            "usize" => ("size_t", WORD, WORD),
            "i8" => ("int8_t", 1, 1),
            "i16" => ("int16_t", 2, 2),
            "i32" => ("int32_t", 4, 4),
            "i64" => ("int64_t", 8, 8),
            "isize" => ("ptrdiff_t", WORD, WORD),
            "c_char" => ("char", 1, 1),
            "c_int" => ("int", 4, 4),
            "c_uint" => ("unsigned int", 4, 4),
            "Status" => ("NTSTATUS", 4, 4),
            "Guid" | "NpiId" => ("GUID", 16, 4),
            "Luid" => ("LUID", 8, 4),
            "ModuleIdType" => ("NPI_MODULEID_TYPE", 4, 4),
            "ModuleId" => ("NPI_MODULEID", 24, 4),
            _ => return None,
        };
        Some(Self::Named { c: c.to_owned(), size, align })
    }

    fn array(array: &TypeArray, contract: &Contract) -> syn::Result<Self> {
        let length = match &array.len {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Int(number) => number.base10_parse().ok(),
                _ => None,
            },
            _ => None,
        };
        let length = length.ok_or_else(|| {
            syn::Error::new(array.len.span(), "C gets this length as a number: write it as one")
        })?;
        Ok(Self::Array(Box::new(Self::of(&array.elem, contract)?), length))
    }

    fn function(function: &TypeBareFn, contract: &Contract) -> syn::Result<Self> {
        let argument = |argument: &BareFnArg| {
            let name = argument.name.as_ref().map(|(name, _)| name.to_string()).filter(|name| name != "_");
            Ok((name, Self::of(&argument.ty, contract)?))
        };
        let answer = match &function.output {
            ReturnType::Default => Self::Void,
            ReturnType::Type(_, answer) => Self::of(answer, contract)?,
        };
        let arguments = function.inputs.iter().map(argument).collect::<syn::Result<_>>()?;
        Ok(Self::Function { arguments, answer: Box::new(answer) })
    }

    /// What it is aligned to, in bytes.
    pub(crate) fn align(&self) -> usize {
        self.size_and_align().1
    }

    fn size_and_align(&self) -> (usize, usize) {
        match self {
            Self::Void => (0, 1),
            Self::Named { size, align, .. } => (*size, *align),
            Self::Array(element, length) => {
                let (size, align) = element.size_and_align();
                (size * length, align)
            }
            Self::Pointer { .. } | Self::Function { .. } => (WORD, WORD),
        }
    }
}

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
