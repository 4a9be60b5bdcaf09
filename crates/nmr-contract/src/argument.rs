//! What a function takes behind its binding context.

use crate::{Mistakes, attributes};
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;
use syn::{FnArg, GenericArgument, Pat, PathArguments, Type, TypePath, TypeReference};

/// An argument that C sees.
#[derive(Clone)]
pub struct Argument {
    /// Its name.
    pub name: Ident,
    /// How it crosses.
    pub passing: Passing,
}

/// How an argument crosses.
#[derive(Clone)]
pub enum Passing {
    /// As it is.
    Value(Type),
    /// As the address of one value, which is valid during the call.
    Reference(Target),
    /// As the address of the first of several values, and how many there are.
    Slice(Target),
}

/// What an address is of.
#[derive(Clone)]
pub struct Target {
    /// The type at the address.
    pub of: Type,
    /// Whether the function that is called writes there.
    pub mutable: bool,
}

/// The token of the level at which a function is called, in front of its arguments. C does not see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `&AtPassive<'_>`: PASSIVE_LEVEL.
    Passive,
    /// `&AtMostDispatch<'_>`: IRQL <= DISPATCH_LEVEL.
    AtMostDispatch,
    /// `&AtDispatch<'_>`: DISPATCH_LEVEL.
    Dispatch,
}

impl Level {
    /// What documentation calls it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Passive => "IRQL = PASSIVE_LEVEL",
            Self::AtMostDispatch => "IRQL <= DISPATCH_LEVEL",
            Self::Dispatch => "IRQL = DISPATCH_LEVEL",
        }
    }
}

/// The arguments behind `&self`.
#[derive(Clone)]
pub struct Arguments {
    /// The level that the caller shows by a token.
    pub level: Option<Level>,
    /// What C sees.
    pub passed: Vec<Argument>,
}

impl Arguments {
    /// Reads what stands behind `&self`.
    pub(crate) fn read<'a>(inputs: impl Iterator<Item = &'a FnArg>, mistakes: &mut Mistakes) -> Self {
        let mut read = Self { level: None, passed: Vec::new() };
        for (index, input) in inputs.enumerate() {
            let Some((name, argument_type)) = mistakes.take(typed(input)) else { continue };
            if let FnArg::Typed(typed) = input {
                attributes::refuse_conditions(&typed.attrs, mistakes);
            }
            match level(argument_type) {
                Some(_) if index > 0 => {
                    mistakes
                        .add(input.span(), "the token of the level stands first, directly behind `&self`");
                }
                Some(found) => read.level = mistakes.take(found),
                None => {
                    if let Some(passing) = mistakes.take(Passing::of(argument_type)) {
                        read.passed.push(Argument { name: name.clone(), passing });
                    }
                }
            }
        }
        read.check_lengths(mistakes);
        read
    }

    /// The first argument that is an address which C could get wrong.
    pub(crate) fn first_reference(&self) -> Option<Span> {
        let is_reference = |argument: &&Argument| !matches!(argument.passing, Passing::Value(_));
        self.passed.iter().find(is_reference).map(|argument| argument.name.span())
    }

    fn check_lengths(&self, mistakes: &mut Mistakes) {
        for slice in &self.passed {
            let Some(length) = slice.length_name() else { continue };
            if let Some(taken) = self.passed.iter().find(|other| other.name == length) {
                let message = format!(
                    "`{length}` is what C calls the length of `{}`, which is passed anyway: remove it",
                    slice.name
                );
                mistakes.add(taken.name.span(), message);
            }
        }
    }
}

impl Argument {
    /// What C calls the number of elements, if this is a slice.
    pub fn length_name(&self) -> Option<String> {
        matches!(self.passing, Passing::Slice(_)).then(|| format!("{}_length", self.name.unraw()))
    }
}

impl Passing {
    fn of(argument: &Type) -> syn::Result<Self> {
        let Type::Reference(reference) = argument else { return Ok(Self::Value(argument.clone())) };
        if let Some(lifetime) = &reference.lifetime {
            let message =
                "an address is good during the call and no longer: write the reference without a lifetime";
            return Err(syn::Error::new(lifetime.span(), message));
        }
        let mutable = reference.mutability.is_some();
        Ok(match &*reference.elem {
            Type::Slice(slice) => Self::Slice(Target { of: (*slice.elem).clone(), mutable }),
            Type::Path(path) if path.path.is_ident("str") => {
                let message = "C's bytes are not always UTF-8: take `&[u8]`";
                return Err(syn::Error::new(reference.span(), message));
            }
            Type::TraitObject(_) => {
                let message = "C knows no trait objects: declare the functions as the contract's own";
                return Err(syn::Error::new(reference.span(), message));
            }
            of => Self::Reference(Target { of: of.clone(), mutable }),
        })
    }
}

fn typed(input: &FnArg) -> syn::Result<(&Ident, &Type)> {
    if let FnArg::Typed(typed) = input
        && let Pat::Ident(pattern) = &*typed.pat
        && pattern.subpat.is_none()
        && pattern.by_ref.is_none()
        && pattern.mutability.is_none()
    {
        return Ok((&pattern.ident, &typed.ty));
    }
    Err(syn::Error::new(input.span(), "write the argument as `name: Type`"))
}

/// The level that a token stands for; nothing if the argument is none.
fn level(argument: &Type) -> Option<syn::Result<Level>> {
    let (named, reference): (&Type, Option<&TypeReference>) = match argument {
        Type::Reference(reference) => (&reference.elem, Some(reference)),
        other => (other, None),
    };
    let Type::Path(path) = named else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    let level = match name.as_str() {
        "AtPassive" => Level::Passive,
        "AtMostDispatch" => Level::AtMostDispatch,
        "AtDispatch" => Level::Dispatch,
        "MayWait" => {
            let message = "who is called by a peer must not wait for NMR: take `&AtPassive<'_>`";
            return Some(Err(syn::Error::new(argument.span(), message)));
        }
        _ => return None,
    };
    Some(match reference {
        Some(reference) if lives_longer(reference, path) => Err(syn::Error::new(
            argument.span(),
            format!("the token is good during the call and no longer: write `&{name}<'_>`"),
        )),
        Some(reference) if reference.mutability.is_none() => Ok(level),
        _ => Err(syn::Error::new(
            argument.span(),
            format!("the caller shows its level and keeps it: take `&{name}<'_>`"),
        )),
    })
}

/// Whether a token is asked for that is good for longer than a call.
fn lives_longer(reference: &TypeReference, token: &TypePath) -> bool {
    let of_token = token.path.segments.last().map(|last| &last.arguments);
    let of_token = match of_token {
        Some(PathArguments::AngleBracketed(arguments)) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Lifetime(lifetime) => Some(lifetime),
                _ => None,
            })
        }
        _ => None,
    };
    reference.lifetime.iter().chain(of_token).any(|lifetime| lifetime.ident != "_")
}
