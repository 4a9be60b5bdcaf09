//! One function: its type in the table, its thunk from C into the trait, its method from the trait into C.

use super::side::Side;
use nmr_contract::{Argument, Function, Level, Output, Passing, Target};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

/// Names in the output that no name of the user's can meet.
struct Locals {
    context: Ident,
    result: Ident,
    binding: Ident,
    out: Ident,
    table: Ident,
    function: Ident,
    level: Ident,
    generic: Ident,
}

impl Locals {
    fn new() -> Self {
        let hygienic = |name| Ident::new(name, Span::mixed_site());
        Self {
            context: hygienic("context"),
            result: hygienic("result"),
            binding: hygienic("binding"),
            out: hygienic("out"),
            table: hygienic("table"),
            function: hygienic("function"),
            level: hygienic("level"),
            // Types are not hygienic, so this one is unlikely instead.
            generic: hygienic("BindingContext__"),
        }
    }
}

fn c_arguments(function: &Function) -> TokenStream {
    let Locals { context, result, .. } = Locals::new();
    let context = function.has_context.then(|| quote!(#context: *mut ::core::ffi::c_void));
    let arguments = function.arguments.passed.iter().map(|argument| {
        let name = &argument.name;
        let pointer = |target: &Target| match (target.mutable, &target.of) {
            (true, of) => quote!(*mut #of),
            (false, of) => quote!(*const #of),
        };
        match &argument.passing {
            Passing::Value(value) => quote!(#name: #value),
            Passing::Reference(target) => {
                let pointer = pointer(target);
                quote!(#name: #pointer)
            }
            Passing::Slice(target) => {
                let (pointer, length) = (pointer(target), length(argument));
                quote!(#name: #pointer, #length: usize)
            }
        }
    });
    let out = function.out().map(|out| quote!(#result: *mut #out));
    let arguments = context.into_iter().chain(arguments).chain(out);
    quote!(#(#arguments),*)
}

/// The number of elements of a slice, as the thunk receives it.
fn length(argument: &Argument) -> Ident {
    Ident::new(&format!("{}_length", argument.name.unraw()), Span::mixed_site())
}

/// What the method passes to C.
fn passed_to_c(argument: &Argument) -> TokenStream {
    let name = &argument.name;
    match &argument.passing {
        Passing::Value(_) => quote!(#name),
        Passing::Reference(Target { mutable: true, .. }) => quote!(::core::ptr::from_mut(#name)),
        Passing::Reference(_) => quote!(::core::ptr::from_ref(#name)),
        Passing::Slice(Target { mutable: true, .. }) => quote!(#name.as_mut_ptr(), #name.len()),
        Passing::Slice(_) => quote!(#name.as_ptr(), #name.len()),
    }
}

/// What the thunk makes of an address; values are passed on as they are.
fn received(argument: &Argument) -> Option<TokenStream> {
    let name = &argument.name;
    let (read, length) = match &argument.passing {
        Passing::Value(_) => return None,
        Passing::Reference(Target { mutable: true, .. }) => (quote!(reference_mut), None),
        Passing::Reference(_) => (quote!(reference), None),
        Passing::Slice(Target { mutable: true, .. }) => (quote!(slice_mut), Some(length(argument))),
        Passing::Slice(_) => (quote!(slice), Some(length(argument))),
    };
    let length = length.into_iter();
    Some(quote! {
        // SAFETY: the peer passes what the contract says, good during the call.
        let #name = unsafe { ::nmr::private::#read(#name #(, #length)*) }?;
    })
}

fn c_return(function: &Function) -> TokenStream {
    match &function.output {
        Output::Value(value) => quote!(#value),
        Output::Result(_) => quote!(::nmr::Status),
    }
}

/// The type of the function in the table.
pub(super) fn pointer(function: &Function) -> TokenStream {
    let (arguments, returned) = (c_arguments(function), c_return(function));
    let pointer = quote!(unsafe extern "system" fn(#arguments) -> #returned);
    match function.optional {
        true => quote!(::core::option::Option<#pointer>),
        false => pointer,
    }
}

/// Where the type is written: what asks something of it stands there, so that the compiler tells there what it has not.
fn where_written(out: &Type) -> Span {
    out.span().resolved_at(Span::call_site())
}

/// From C into the trait.
pub(super) fn thunk(function: &Function, side: &Side<'_>) -> TokenStream {
    let (name, arguments, returned) = (&function.name, c_arguments(function), c_return(function));
    let Side { name: side, binding_trait, system_of, .. } = side;
    let Locals { context, result, binding, level, generic, .. } = Locals::new();
    let system = quote!(::nmr::private::#system_of<#generic>);
    let token = function.arguments.level.map(|shown| {
        let make = match shown {
            Level::Passive => quote!(at_passive),
            Level::AtMostDispatch => quote!(at_most_dispatch),
            Level::Dispatch => quote!(at_dispatch),
        };
        quote! {
            // SAFETY: the peer calls at the level that the contract says.
            let #level = unsafe { ::nmr::private::#make::<#system>() };
        }
    });
    let shown = function.arguments.level.map(|_| quote!(&#level));
    let received = function.arguments.passed.iter().filter_map(received);
    let passed = function.arguments.passed.iter().map(|argument| {
        let name = &argument.name;
        quote!(#name)
    });
    let passed = shown.into_iter().chain(passed);
    let call = quote!(#side::#name(#binding #(, #passed)*));
    let call = match function.is_unsafe {
        false => call,
        true => quote! {
            // SAFETY: the peer keeps what the contract says of the function.
            unsafe { #call }
        },
    };
    let call = quote!(|#binding: &#generic| { #token #(#received)* #call });
    let serve = match (&function.output, function.out()) {
        (Output::Value(_), _) => quote!(serve::<#system, _, _>(#context, #call)),
        (Output::Result(_), None) => quote!(serve_status::<#system, _>(#context, #call)),
        (Output::Result(_), Some(out)) => {
            let answered = quote_spanned!(where_written(out)=> _);
            quote!(serve_result::<#system, _, #answered>(#context, #result, #call))
        }
    };
    quote! {
        unsafe extern "system" fn #name<#generic: #side + ::nmr::#binding_trait>(#arguments) -> #returned {
            // SAFETY: the peer passes the binding context that it was given, and only until it has detached.
            unsafe { ::nmr::private::#serve }
        }
    }
}

/// From the trait into C.
pub(super) fn method(function: &Function, dispatch: &Ident) -> TokenStream {
    let Function { name, returns, .. } = function;
    let unsafety = function.is_unsafe.then(|| quote!(unsafe));
    let parameters = &function.parameters;
    let unused = function.arguments.level.map(|_| quote!(#[allow(unused_variables)]));
    let Locals { out: place, .. } = Locals::new();
    let body = match (&function.output, function.out()) {
        (Output::Value(_), _) => call(function, None),
        (Output::Result(_), None) => {
            let call = call(function, None);
            quote!(::nmr::private::call_status({ #call }))
        }
        (Output::Result(_), Some(out)) => {
            let answered = quote_spanned!(where_written(out)=> _);
            let call = call(function, Some(&place));
            quote!(::nmr::private::call_result::<#answered>(|#place| { #call }))
        }
    };
    let absent = function.may_be_absent().then(|| {
        quote! {
            if !self.peer.reaches(::core::mem::offset_of!(#dispatch, #name)) {
                return ::core::result::Result::Err(::nmr::Error::NOT_SUPPORTED);
            }
        }
    });
    quote! {
        #unused
        #unsafety fn #name(&self #(, #parameters)*) #returns {
            #absent
            #body
        }
    }
}

fn call(function: &Function, out: Option<&Ident>) -> TokenStream {
    let name = &function.name;
    let Locals { context, table, function: pointer, .. } = Locals::new();
    let first = function.has_context.then(|| quote!(#context));
    let passed = function.arguments.passed.iter().map(passed_to_c);
    let passed = first.into_iter().chain(passed).chain(out.map(|out| quote!(#out)));
    let reached = match function.has_context {
        true => quote!(#context),
        false => quote!(_),
    };
    let absent = match function.out() {
        Some(_) => quote!(::nmr::Status::NOT_SUPPORTED),
        None => quote!(::core::result::Result::Err(::nmr::Error::NOT_SUPPORTED)),
    };
    let null = function.optional.then(|| {
        quote! {
            let ::core::option::Option::Some(#pointer) = #pointer else {
                return #absent;
            };
        }
    });
    quote! {
        // SAFETY: whoever has this value is inside the rundown of the binding.
        let (#table, #reached) = unsafe { self.peer.reach() };
        // SAFETY: the table reaches that far.
        let #pointer = unsafe { (*#table).#name };
        #null
        // SAFETY: so function and context are valid.
        unsafe { #pointer(#(#passed),*) }
    }
}
