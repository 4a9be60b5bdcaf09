//! Types as C sees them.

use crate::{Contract, Layout};
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

const WORD: usize = 8;

impl CType {
    /// The type as a contract writes it.
    pub(crate) fn of(written: &Type, contract: &Contract) -> syn::Result<Self> {
        Reader { contract, inside: &Inside::Nothing, by_name: false }.read(written)
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

    /// What it is aligned to, in bytes.
    pub(crate) fn align(&self) -> usize {
        self.size_and_align().1
    }

    pub(crate) fn size_and_align(&self) -> (usize, usize) {
        match self {
            Self::Void => (0, 1),
            Self::Named { size, align, .. } => (*size, *align),
            Self::Array(element, length) => {
                let (size, align) = element.size_and_align();
                (size.saturating_mul(*length), align)
            }
            Self::Pointer { .. } | Self::Function { .. } => (WORD, WORD),
        }
    }
}

/// What is being read, from the inside out: structures and aliases that would hold themselves have no end.
enum Inside<'a> {
    Nothing,
    Of { name: &'a str, outer: &'a Inside<'a> },
}

impl Inside<'_> {
    fn has(&self, wanted: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Of { name, outer } => *name == wanted || outer.has(wanted),
        }
    }
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    contract: &'a Contract,
    inside: &'a Inside<'a>,
    /// Behind an address structures are names: how long they are does not matter, and they may hold such an address.
    by_name: bool,
}

impl Reader<'_> {
    fn read(self, written: &Type) -> syn::Result<CType> {
        match written {
            Type::Tuple(unit) if unit.elems.is_empty() => Ok(CType::Void),
            Type::Paren(inner) => self.read(&inner.elem),
            Type::Group(inner) => self.read(&inner.elem),
            Type::Path(path) => self.named(path),
            Type::Array(array) => self.array(array),
            Type::Ptr(pointer) => Ok(CType::Pointer {
                // What is behind an address need not be of the contract.
                to: Box::new(Reader { by_name: true, ..self }.read(&pointer.elem).unwrap_or(CType::Void)),
                mutable: pointer.mutability.is_some(),
            }),
            other => Err(syn::Error::new(other.span(), "C knows no such type")),
        }
    }

    fn named(self, path: &TypePath) -> syn::Result<CType> {
        let unknown = |name: &str| {
            let message = format!(
                "`{name}` is no type of the contract: mark the struct `#[plain]` in its module; an alias stands there too, \
                 as `pub type {name} = u32;`"
            );
            syn::Error::new(path.span(), message)
        };
        let last = path.path.segments.last().ok_or_else(|| unknown("?"))?;
        let name = last.ident.to_string();
        if let Some(alias) = self.contract.aliases.iter().find(|alias| alias.is(path)) {
            return self.within(path, &name, |inner| inner.read(&alias.of));
        }
        if name == "Option"
            && let PathArguments::AngleBracketed(arguments) = &last.arguments
            && let Some(GenericArgument::Type(of)) = arguments.args.first()
        {
            return self.optional(path, of);
        }
        if let Some(plain) = self.contract.plain.iter().find(|plain| plain.name == name) {
            let c = crate::c::struct_name(self.contract, &name);
            if self.by_name {
                return Ok(CType::Named { c, size: 0, align: 1 });
            }
            return self.within(path, &name, |inner| {
                let types = plain.fields.iter().map(|field| inner.read(&field.field_type));
                let layout = Layout::of_types(&types.collect::<syn::Result<Vec<_>>>()?);
                Ok(CType::Named { c, size: layout.size, align: layout.align })
            });
        }
        CType::scalar(&name).ok_or_else(|| unknown(&name))
    }

    /// Reads what `name` stands for, unless that is what is being read.
    fn within(
        self,
        path: &TypePath,
        name: &str,
        read: impl FnOnce(Reader<'_>) -> syn::Result<CType>,
    ) -> syn::Result<CType> {
        if self.inside.has(name) {
            let message =
                format!("`{name}` holds itself, so it has no end: hold an address, as `*mut {name}`");
            return Err(syn::Error::new(path.span(), message));
        }
        read(Reader { inside: &Inside::Of { name, outer: self.inside }, ..self })
    }

    /// Nothing crosses as an option but a function.
    fn optional(self, path: &TypePath, of: &Type) -> syn::Result<CType> {
        match of {
            Type::BareFn(function) => return self.function(function),
            Type::Path(named) => {
                if let Some(alias) = self.contract.aliases.iter().find(|alias| alias.is(named)) {
                    let name = alias.name.to_string();
                    return self.within(path, &name, |inner| inner.optional(path, &alias.of));
                }
            }
            _ => {}
        }
        // What an alias of another module takes is not known here.
        Ok(CType::Function { arguments: Vec::new(), answer: Box::new(CType::Void) })
    }

    fn array(self, array: &TypeArray) -> syn::Result<CType> {
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
        Ok(CType::Array(Box::new(self.read(&array.elem)?), length))
    }

    fn function(self, function: &TypeBareFn) -> syn::Result<CType> {
        let inner = Reader { by_name: true, ..self };
        let argument = |argument: &BareFnArg| {
            let name = argument.name.as_ref().map(|(name, _)| name.to_string()).filter(|name| name != "_");
            Ok((name, inner.read(&argument.ty)?))
        };
        let answer = match &function.output {
            ReturnType::Default => CType::Void,
            ReturnType::Type(_, answer) => inner.read(answer)?,
        };
        let arguments = function.inputs.iter().map(argument).collect::<syn::Result<_>>()?;
        Ok(CType::Function { arguments, answer: Box::new(answer) })
    }
}
