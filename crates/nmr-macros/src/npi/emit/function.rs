//! One function: its type in the table, its thunk from C into the trait, its method from the trait into C.

use super::side::Side;
use nmr_contract::{Function, Output};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Names in the output that no name of the user's can meet.
struct Locals {
    context: Ident,
    result: Ident,
    binding: Ident,
    out: Ident,
    table: Ident,
    function: Ident,
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
            // Types are not hygienic, so this one is unlikely instead.
            generic: hygienic("BindingContext__"),
        }
    }
}

fn c_arguments(function: &Function) -> TokenStream {
    let Locals { context, result, .. } = Locals::new();
    let context = function.has_context.then(|| quote!(#context: *mut ::core::ffi::c_void));
    let arguments = function.arguments.iter().map(|(name, argument)| quote!(#name: #argument));
    let out = function.out().map(|out| quote!(#result: *mut #out));
    let arguments = context.into_iter().chain(arguments).chain(out);
    quote!(#(#arguments),*)
}

fn c_return(function: &Function) -> TokenStream {
    match &function.output {
        Output::Value(value) => quote!(#value),
        Output::Result(_) => quote!(::nmr::Status),
    }
}

fn argument_names(function: &Function) -> Vec<&Ident> {
    function.arguments.iter().map(|(name, _)| name).collect()
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

/// From C into the trait.
pub(super) fn thunk(function: &Function, side: &Side<'_>) -> TokenStream {
    let (name, arguments, returned) = (&function.name, c_arguments(function), c_return(function));
    let Side { name: side, binding_trait, system_of, .. } = side;
    let passed = argument_names(function);
    let Locals { context, result, binding, generic, .. } = Locals::new();
    let call = quote!(#side::#name(#binding #(, #passed)*));
    let call = match function.is_unsafe {
        false => call,
        true => quote! {{
            // SAFETY: the peer keeps what the contract says of the function.
            unsafe { #call }
        }},
    };
    let call = quote!(|#binding: &#generic| #call);
    let system = quote!(::nmr::private::#system_of<#generic>);
    let serve = match (&function.output, function.out()) {
        (Output::Value(_), _) => quote!(serve::<#system, _, _>(#context, #call)),
        (Output::Result(_), None) => quote!(serve_status::<#system, _>(#context, #call)),
        (Output::Result(_), Some(_)) => quote!(serve_result::<#system, _, _>(#context, #result, #call)),
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
    let parameters = function.arguments.iter().map(|(name, argument)| quote!(#name: #argument));
    let Locals { out: place, .. } = Locals::new();
    let body = match (&function.output, function.out()) {
        (Output::Value(_), _) => call(function, None),
        (Output::Result(_), None) => {
            let call = call(function, None);
            quote!(::nmr::private::call_status({ #call }))
        }
        (Output::Result(_), Some(_)) => {
            let call = call(function, Some(&place));
            quote!(::nmr::private::call_result(|#place| { #call }))
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
        #unsafety fn #name(&self #(, #parameters)*) #returns {
            #absent
            #body
        }
    }
}

fn call(function: &Function, out: Option<&Ident>) -> TokenStream {
    let name = &function.name;
    let Locals { context, table, function: pointer, .. } = Locals::new();
    let passed =
        function.has_context.then_some(&context).into_iter().chain(argument_names(function)).chain(out);
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
        let (#table, #context) = unsafe { self.peer.reach() };
        // SAFETY: the table reaches that far.
        let #pointer = unsafe { (*#table).#name };
        #null
        // SAFETY: so function and context are valid.
        unsafe { #pointer(#(#passed),*) }
    }
}
