//! One function of a dispatch table.

use crate::{Arguments, Mistakes, attributes};
use proc_macro2::{Ident, Span};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, LitInt, ReturnType, Token, TraitItemFn, Type};

/// A function of a dispatch table.
#[derive(Clone)]
pub struct Function {
    /// Its documentation and other attributes.
    pub attributes: Vec<Attribute>,
    /// Its name.
    pub name: Ident,
    /// What it takes, behind the binding context.
    pub arguments: Arguments,
    /// The same as written.
    pub parameters: Vec<FnArg>,
    /// How it answers.
    pub output: Output,
    /// The signature's return type as written.
    pub returns: ReturnType,
    /// Whether callers promise something that the types do not show.
    pub is_unsafe: bool,
    /// Whether C passes it the binding context of the module that serves it.
    pub has_context: bool,
    /// Whether a peer may leave it out.
    pub optional: bool,
    /// The first version that has it, and where that is written.
    pub since: Option<(u16, Span)>,
}

/// How a function answers.
#[derive(Clone)]
pub enum Output {
    /// By value; `()` for none.
    Value(Type),
    /// With a status, and an out parameter unless the type is `()`.
    Result(Type),
}

impl Function {
    /// Reads a function, and takes off what only a contract knows.
    pub(crate) fn take(item: &mut TraitItemFn, mistakes: &mut Mistakes) -> Option<Self> {
        let has_context = !attributes::take_word(&mut item.attrs, "no_context", mistakes);
        let optional_at =
            item.attrs.iter().find(|attribute| attribute.path().is_ident("optional")).map(Spanned::span);
        let optional = attributes::take_word(&mut item.attrs, "optional", mistakes);
        let since = attributes::take(&mut item.attrs, "since", mistakes)
            .and_then(|attribute| mistakes.take(since(&attribute)));
        let arguments = read_signature(item, mistakes)?;
        let function = Self {
            attributes: item.attrs.clone(),
            name: item.sig.ident.clone(),
            arguments,
            parameters: item.sig.inputs.iter().skip(1).cloned().collect(),
            output: output(&item.sig.output),
            returns: item.sig.output.clone(),
            is_unsafe: item.sig.unsafety.is_some(),
            has_context,
            optional,
            since,
        };
        let may_be_absent = optional_at.or(since.map(|(_, span)| span));
        if let (Some(span), Output::Value(_)) = (may_be_absent, &function.output) {
            let name = &function.name;
            mistakes.add(
                span,
                format!("a peer may be without `{name}`, and the call must be able to say so: let it return `nmr::Result<..>`"),
            );
        }
        if optional && matches!(function.output, Output::Result(_)) {
            item.default =
                Some(syn::parse_quote!({ ::core::result::Result::Err(::nmr::Error::NOT_SUPPORTED) }));
            item.semi_token = None;
            item.attrs.push(syn::parse_quote!(#[allow(unused_variables)]));
        }
        Some(function)
    }

    /// The type of the out parameter, if C needs one.
    pub fn out(&self) -> Option<&Type> {
        match &self.output {
            Output::Result(Type::Tuple(unit)) if unit.elems.is_empty() => None,
            Output::Result(value) => Some(value),
            Output::Value(_) => None,
        }
    }

    /// Whether a peer's table may be without it.
    pub fn may_be_absent(&self) -> bool {
        self.optional || self.since.is_some()
    }
}

fn since(attribute: &Attribute) -> syn::Result<(u16, Span)> {
    let number = attribute.parse_args_with(|input: syn::parse::ParseStream<'_>| {
        let form = |error: syn::Error| syn::Error::new(error.span(), "write `#[since(version = 2)]`");
        let word: Ident = input.parse().map_err(form)?;
        if word != "version" {
            return Err(form(syn::Error::new(word.span(), "")));
        }
        input.parse::<Token![=]>()?;
        input.parse::<LitInt>()
    })?;
    Ok((crate::identity::version(&number)?, number.span()))
}

/// The arguments behind the binding context; all that is wrong with the signature is reported.
fn read_signature(item: &TraitItemFn, mistakes: &mut Mistakes) -> Option<Arguments> {
    let sig = &item.sig;
    let before = mistakes.count();
    attributes::refuse_conditions(&item.attrs, mistakes);
    if let Some(body) = &item.default {
        mistakes.add(body.span(), "each side implements its functions itself: remove the body, or say `#[optional]` if a peer may leave the function out");
    }
    if let Some(parameter) = sig.generics.params.first() {
        mistakes.add(
            parameter.span(),
            "C has one function at one address: write the type out, or a function for each",
        );
    }
    if let Some(clause) = &sig.generics.where_clause {
        mistakes
            .add(clause.span(), "a function of a dispatch table is there for everybody: remove the bounds");
    }
    if let Some(variadic) = &sig.variadic {
        mistakes.add(
            variadic.span(),
            "a function of a dispatch table names all its arguments: write them out, or take a slice",
        );
    }
    if let Some(asyncness) = &sig.asyncness {
        mistakes.add(asyncness.span(), "a call into a peer returns with its answer: remove the `async`, and let the peer call back through the other trait when it is done");
    }
    if let Some(abi) = &sig.abi {
        mistakes.add(abi.span(), "the macro makes the C functions: remove the `extern`");
    }
    if sig.ident == "header" {
        mistakes.add(sig.ident.span(), "`header` is what dispatch tables begin with: choose another name");
    }
    let mut inputs = sig.inputs.iter();
    match inputs.next() {
        // With a lifetime of its own choice a function could keep its binding context beyond cleanup.
        Some(FnArg::Receiver(this)) if this.lifetime().is_some() => {
            let message =
                "the first argument is `&self` without a lifetime: the binding context is gone after cleanup";
            mistakes.add(this.span(), message);
        }
        Some(FnArg::Receiver(this)) if this.reference.is_some() && this.mutability.is_none() => {}
        _ => {
            mistakes.add(
                sig.ident.span(),
                "the first argument is `&self`: calls arrive on several threads at once",
            );
        }
    }
    let arguments = Arguments::read(inputs, mistakes);
    if let Some(result) = result_with_an_error(&sig.output) {
        let message =
            "C gets a status for an error: write `nmr::Result<..>`, whose error is always `nmr::Error`";
        mistakes.add(result.span(), message);
        return None;
    }
    let answer = output(&sig.output);
    if let (Output::Value(_), Some(reference)) = (&answer, arguments.first_reference()) {
        mistakes.add(
            reference,
            "a peer in C may pass NULL here: let the function return `nmr::Result<..>`, so that it can be answered \
             STATUS_INVALID_PARAMETER",
        );
    }
    if let Output::Value(Type::Reference(reference)) | Output::Result(Type::Reference(reference)) = &answer {
        let message = "an address cannot be given back, because nothing says how long it is good: write into an argument";
        mistakes.add(reference.span(), message);
    }
    (mistakes.count() == before).then_some(arguments)
}

/// A result that names its error.
fn result_with_an_error(returns: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, returned) = returns else { return None };
    let Type::Path(path) = &**returned else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) if arguments.args.len() > 1 => Some(returned),
        _ => None,
    }
}

fn output(returns: &ReturnType) -> Output {
    let ReturnType::Type(_, returned) = returns else {
        return Output::Value(syn::parse_quote!(()));
    };
    if let Type::Path(path) = &**returned
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
        && let [syn::GenericArgument::Type(value)] = arguments.args.iter().collect::<Vec<_>>()[..]
    {
        return Output::Result(value.clone());
    }
    Output::Value((**returned).clone())
}
