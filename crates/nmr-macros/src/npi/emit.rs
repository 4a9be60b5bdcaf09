//! The output of `#[npi]`: C tables, thunks into a trait, and a trait implementation that calls through a table. What
//! happens in a call is in `nmr::private`.

use super::contract::{Contract, Function, Identity, Output};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Ident, Type};

pub(crate) fn contract(identity: &Identity, contract: &Contract) -> TokenStream {
    let Contract { attributes, visibility, name, items, provider, client, .. } = contract;
    let Identity { id, version } = identity;
    let name_text = name.to_string();
    let sides = [
        Side::new("Provider", "provider", "clients", provider.as_deref()),
        Side::new("Client", "client", "providers", client.as_deref()),
    ];
    let calls = sides.iter().map(Side::calls_type);
    let calls: Vec<_> = calls.collect();
    let (provider_calls, client_calls) = (&calls[0], &calls[1]);
    let (provider_shows, provider_checks) =
        characteristics("ProviderCharacteristics", contract.provider_characteristics.as_deref(), *version);
    let (client_shows, client_checks) =
        characteristics("ClientCharacteristics", contract.client_characteristics.as_deref(), *version);
    let tables = sides.iter().map(|side| side.table(*version));
    let table_traits = sides.iter().map(Side::table_trait);
    quote! {
        #(#attributes)*
        #visibility mod #name {
            #(#items)*

            /// Stands for the contract in declarations.
            #[derive(Clone, Copy, Debug)]
            pub struct Npi;

            // SAFETY: the calls accept the tables that this macro makes, and check version and size of others.
            unsafe impl ::nmr::Npi for Npi {
                const ID: ::nmr::abi::NpiId = ::nmr::private::guid(#id);
                const NAME: &'static str = #name_text;
                type ProviderCalls = #provider_calls;
                type ClientCalls = #client_calls;
                type ProviderCharacteristics = #provider_shows;
                type ClientCharacteristics = #client_shows;
            }

            #provider_checks
            #client_checks

            #(#tables)*
            #(#table_traits)*
        }
    }
}

/// The type of a side's characteristics, and what makes the contract's struct one.
fn characteristics(name: &str, fields: Option<&[Type]>, version: u16) -> (TokenStream, Option<TokenStream>) {
    let Some(fields) = fields else { return (quote!(::nmr::NoCharacteristics), None) };
    let name = format_ident!("{name}");
    let wires =
        fields.iter().map(|field| quote_spanned!(field.span()=> ::nmr::private::assert_wire::<#field>();));
    let shown = quote! {
        const _: () = { #(#wires)* };

        impl #name {
            /// As a module shows it to its peers: behind the version of the contract and the size.
            pub const fn publish(self) -> ::nmr::Published<Self> {
                ::nmr::Published::new(#version, self)
            }
        }

        // SAFETY: in C's layout, of fields that may have any value, and shown by `publish` alone.
        unsafe impl ::nmr::Characteristics for #name {
            unsafe fn of_peer<'a>(
                shown: *const ::core::ffi::c_void,
            ) -> ::core::result::Result<&'a Self, ::nmr::CharacteristicsMismatch> {
                // SAFETY: as the caller says.
                unsafe { ::nmr::Published::<Self>::of_peer(shown, #version) }
            }
        }
    };
    (quote!(#name), Some(shown))
}

/// One side of the contract: its trait, and the names that are made from it.
struct Side<'a> {
    /// The trait: `Provider` or `Client`.
    name: Ident,
    dispatch: Ident,
    calls: Ident,
    /// `ProviderBinding` or `ClientBinding`, and the type by which a binding finds its system.
    binding_trait: Ident,
    system_of: Ident,
    table_trait: Ident,
    table_fn: Ident,
    this: &'static str,
    peers: &'static str,
    functions: Option<&'a [Function]>,
}

impl<'a> Side<'a> {
    fn new(name: &str, this: &'static str, peers: &'static str, functions: Option<&'a [Function]>) -> Self {
        Self {
            name: format_ident!("{name}"),
            dispatch: format_ident!("{name}Dispatch"),
            calls: format_ident!("{name}Calls"),
            binding_trait: format_ident!("{name}Binding"),
            system_of: format_ident!("SystemOf{name}"),
            table_trait: format_ident!("{name}Table"),
            table_fn: format_ident!("{this}_table"),
            this,
            peers,
            functions,
        }
    }

    fn calls_type(&self) -> TokenStream {
        let calls = &self.calls;
        if self.functions.is_some() { quote!(#calls) } else { quote!(::nmr::NoCalls) }
    }

    /// The trait by which the framework finds the table of a binding type.
    fn table_trait(&self) -> TokenStream {
        let Self { name, dispatch, binding_trait, table_trait, table_fn, .. } = self;
        let (bound, table) = match self.functions {
            Some(_) => (
                quote!(B: #name + ::nmr::#binding_trait),
                quote! {
                    ::core::ptr::from_ref(const { &#dispatch::serving::<B>() }).cast()
                },
            ),
            None => (quote!(B), quote!(::core::ptr::null())),
        };
        quote! {
            // SAFETY: the table is of this contract, and its thunks take the address of a `B`.
            unsafe impl<#bound> ::nmr::#table_trait<B> for Npi {
                fn #table_fn() -> *const ::core::ffi::c_void {
                    #table
                }
            }
        }
    }

    /// The table, the thunks that fill it, and the calls through it.
    fn table(&self, version: u16) -> Option<TokenStream> {
        let functions = self.functions?;
        let Self { name, dispatch, calls, binding_trait, this, peers, .. } = self;
        let pointers = functions.iter().map(|function| {
            let (function_name, doc) = (&function.name, format!("`{name}::{}`.", function.name));
            let (arguments, returned) = (function.c_arguments(), function.c_return());
            quote! {
                #[doc = #doc]
                pub #function_name: unsafe extern "system" fn(#arguments) -> #returned,
            }
        });
        let thunk_names: Vec<_> = functions.iter().map(|function| &function.name).collect();
        let thunks = functions.iter().map(|function| function.thunk(self));
        let methods = functions.iter().map(Function::method);
        let wires = functions
            .iter()
            .flat_map(Function::crossing_types)
            .map(|crossing| quote_spanned!(crossing.span()=> ::nmr::private::assert_wire::<#crossing>();));
        let table_doc = format!("The dispatch table of a {this}, in C's layout.");
        let serving_doc = format!("The table by which {peers} call the {this} binding contexts `B`.");
        let calls_doc = format!("Calls into an attached {this}; a guard dereferences to it.");
        Some(quote! {
            #[doc = #table_doc]
            #[derive(Clone, Copy, Debug)]
            #[repr(C)]
            pub struct #dispatch {
                /// Version of the contract and size of this table.
                pub header: ::nmr::TableHeader,
                #(#pointers)*
            }

            impl #dispatch {
                #[doc = #serving_doc]
                pub const fn serving<B: #name + ::nmr::#binding_trait>() -> Self {
                    #(#thunks)*
                    Self { header: ::nmr::TableHeader::of::<Self>(#version), #(#thunk_names: #thunk_names::<B>,)* }
                }
            }

            const _: () = { #(#wires)* };

            #[doc = #calls_doc]
            #[derive(Debug)]
            pub struct #calls {
                peer: ::nmr::private::Peer<#dispatch>,
            }

            // SAFETY: calls through a table whose version and size were checked.
            unsafe impl ::nmr::PeerCalls for #calls {
                unsafe fn accept(
                    context: *mut ::core::ffi::c_void,
                    table: *const ::core::ffi::c_void,
                ) -> ::core::result::Result<Self, ::nmr::TableMismatch> {
                    // SAFETY: as the caller says; the table is a header and functions.
                    let peer = unsafe { ::nmr::private::Peer::accept(context, table, #version) }?;
                    Ok(Self { peer })
                }
            }

            impl #name for #calls {
                #(#methods)*
            }
        })
    }
}

/// Names in the output that no name of the user's can meet.
struct Locals {
    context: Ident,
    result: Ident,
    binding: Ident,
    out: Ident,
    table: Ident,
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
            // Types are not hygienic, so this one is unlikely instead.
            generic: hygienic("BindingContext__"),
        }
    }
}

impl Function {
    fn crossing_types(&self) -> Vec<&Type> {
        let (Output::Value(output) | Output::Result(output)) = &self.output;
        self.arguments.iter().map(|(_, argument)| argument).chain([output]).collect()
    }

    /// The type of the out parameter, if C needs one.
    fn out(&self) -> Option<&Type> {
        match &self.output {
            Output::Result(Type::Tuple(unit)) if unit.elems.is_empty() => None,
            Output::Result(value) => Some(value),
            Output::Value(_) => None,
        }
    }

    fn c_arguments(&self) -> TokenStream {
        let Locals { context, result, .. } = Locals::new();
        let arguments = self.arguments.iter().map(|(name, argument)| quote!(#name: #argument));
        let out = self.out().map(|out| quote!(#result: *mut #out));
        let arguments = arguments.chain(out);
        quote!(#context: *mut ::core::ffi::c_void #(, #arguments)*)
    }

    fn c_return(&self) -> TokenStream {
        match &self.output {
            Output::Value(value) => quote!(#value),
            Output::Result(_) => quote!(::nmr::Status),
        }
    }

    fn argument_names(&self) -> Vec<&Ident> {
        self.arguments.iter().map(|(name, _)| name).collect()
    }

    /// From C into the trait.
    fn thunk(&self, side: &Side<'_>) -> TokenStream {
        let (name, arguments, returned) = (&self.name, self.c_arguments(), self.c_return());
        let Side { name: side, binding_trait, system_of, .. } = side;
        let passed = self.argument_names();
        let Locals { context, result, binding, generic, .. } = Locals::new();
        let call = quote!(|#binding: &#generic| #side::#name(#binding #(, #passed)*));
        let system = quote!(::nmr::private::#system_of<#generic>);
        let serve = match (&self.output, self.out()) {
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
    fn method(&self) -> TokenStream {
        let Self { name, returns, .. } = self;
        let parameters = self.arguments.iter().map(|(name, argument)| quote!(#name: #argument));
        let passed = self.argument_names();
        let Locals { context, out: place, table, .. } = Locals::new();
        let call = |out: Option<&Ident>| {
            let out = out.into_iter();
            quote! {
                // SAFETY: whoever has this value is inside the rundown of the binding.
                let (#table, #context) = unsafe { self.peer.reach() };
                // SAFETY: so context and table are valid.
                unsafe { (#table.#name)(#context #(, #passed)* #(, #out)*) }
            }
        };
        let body = match (&self.output, self.out()) {
            (Output::Value(_), _) => call(None),
            (Output::Result(_), None) => {
                let call = call(None);
                quote!(::nmr::private::call_status({ #call }))
            }
            (Output::Result(_), Some(_)) => {
                let call = call(Some(&place));
                quote!(::nmr::private::call_result(|#place| { #call }))
            }
        };
        quote! {
            fn #name(&self #(, #parameters)*) #returns {
                #body
            }
        }
    }
}
