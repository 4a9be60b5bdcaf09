//! One side of the contract: table, thunks that fill it, calls through it.

use super::{assertion, function, size_assertion, value_assertion};
use nmr_contract::{Contract, Function, Kind, Output, Passing, Table};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::Type;

/// One side of the contract: its trait, and the names that are made from it.
pub(super) struct Side<'a> {
    /// The trait: `Provider` or `Client`.
    pub(super) name: Ident,
    pub(super) dispatch: Ident,
    calls: Ident,
    /// `ProviderBinding` or `ClientBinding`, and the type by which a binding finds its system.
    pub(super) binding_trait: Ident,
    pub(super) system_of: Ident,
    table_trait: Ident,
    table_fn: Ident,
    this: &'static str,
    peers: &'static str,
    table: Option<&'a Table>,
    contract: &'a Contract,
}

impl<'a> Side<'a> {
    pub(super) fn new(
        name: &str,
        this: &'static str,
        peers: &'static str,
        table: Option<&'a Table>,
        contract: &'a Contract,
    ) -> Self {
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
            table,
            contract,
        }
    }

    pub(super) fn calls_type(&self) -> TokenStream {
        let calls = &self.calls;
        match self.table.is_some() || self.says_its_version() {
            true => quote!(#calls),
            false => quote!(::nmr::NoCalls),
        }
    }

    /// Whether this side has no functions, and a table all the same: a header.
    fn says_its_version(&self) -> bool {
        self.name == "Client" && self.contract.client_says_its_version()
    }

    /// The trait by which the framework finds the table of a binding type.
    pub(super) fn table_trait(&self) -> Option<TokenStream> {
        let Self { name, dispatch, binding_trait, table_trait, table_fn, .. } = self;
        let versions = self.contract.versions();
        let (newest, older) = versions.split_first()?;
        let bound = match self.table {
            Some(table) if !table.serves_contexts() => return None,
            Some(_) => quote!(B: #name + ::nmr::#binding_trait),
            None => quote!(B),
        };
        let of_version = |version: u16| match self.table {
            Some(_) => quote!(::core::ptr::from_ref(const { &#dispatch::serving::<B>(#version) }).cast()),
            None if self.says_its_version() => quote! {
                ::core::ptr::from_ref(const { &::nmr::TableHeader::of::<::nmr::TableHeader>(#version) }).cast()
            },
            None => quote!(::core::ptr::null()),
        };
        let newest_table = of_version(*newest);
        let older = older.iter().map(|version| {
            let table = of_version(*version);
            quote!(#version => #table,)
        });
        let (argument, table) = match self.table.is_some_and(|table| table.header.version.is_none())
            && versions.len() > 1
            || self.says_its_version()
        {
            true => (quote!(version), quote!(match version { #(#older)* _ => #newest_table })),
            false => (quote!(_), newest_table),
        };
        Some(quote! {
            // SAFETY: the table is of this contract, and its thunks take the address of a `B`.
            unsafe impl<#bound> ::nmr::#table_trait<B> for Npi {
                fn #table_fn(#argument: u16) -> *const ::core::ffi::c_void {
                    #table
                }
            }
        })
    }

    /// The calls of a side that says its version and nothing else.
    fn version_alone(&self) -> TokenStream {
        let Self { calls, contract, this, .. } = self;
        let (version, oldest) = (contract.identity.version, contract.identity.oldest);
        let doc = format!(" What a provider knows of an attached {this}: the version in which it is called.");
        quote! {
            #[doc = #doc]
            #[derive(Clone, Copy, Debug)]
            pub struct #calls {
                version: u16,
            }

            // SAFETY: calls nothing.
            unsafe impl ::nmr::PeerCalls for #calls {
                unsafe fn accept(
                    _: *mut ::core::ffi::c_void,
                    table: *const ::core::ffi::c_void,
                ) -> ::core::result::Result<Self, ::nmr::TableMismatch> {
                    // SAFETY: as the caller says; a table without functions is a header.
                    let version = unsafe { ::nmr::private::version_of_client(table, #oldest, #version) }?;
                    Ok(Self { version })
                }

                fn version(&self) -> ::core::option::Option<u16> {
                    ::core::option::Option::Some(self.version)
                }
            }
        }
    }

    /// The table, the thunks that fill it, and the calls through it.
    pub(super) fn table(&self) -> Option<TokenStream> {
        let table = match self.table {
            None if self.says_its_version() => return Some(self.version_alone()),
            table => table?,
        };
        let functions = &table.functions;
        let Self { name, dispatch, calls, this, contract, .. } = self;
        let (version, oldest) = (table.version(&contract.identity), table.oldest(&contract.identity));
        let header = format_ident!("{}", table.header.kind.type_name());
        let header_field = (table.header.kind != Kind::None).then(|| {
            quote! {
                /// What the convention of the contract puts first.
                pub header: ::nmr::#header,
            }
        });
        let pointers = functions.iter().map(|function| self.pointer(function));
        let entries = functions.iter().map(|function| entry(dispatch, function, oldest));
        let methods = functions.iter().map(|function| function::method(function, dispatch));
        let assertions = functions.iter().flat_map(|function| assertions(function, contract));
        let layout = layout(table, dispatch);
        let serving = table.serves_contexts().then(|| self.serving(table, &header));
        let table_doc = format!(" The dispatch table of a {this}, in C's layout.");
        let calls_doc = format!(" Calls into an attached {this}; a guard dereferences to it.");
        Some(quote! {
            #[doc = #table_doc]
            #[derive(Clone, Copy, Debug)]
            #[repr(C)]
            pub struct #dispatch {
                #header_field
                #(#pointers)*
            }

            const _: () = { #layout };
            #(#assertions)*

            #serving

            #[doc = #calls_doc]
            #[derive(Debug)]
            pub struct #calls {
                peer: ::nmr::private::Peer<#dispatch>,
            }

            // SAFETY: calls through a table whose header was checked, and only what it has.
            unsafe impl ::nmr::PeerCalls for #calls {
                unsafe fn accept(
                    context: *mut ::core::ffi::c_void,
                    table: *const ::core::ffi::c_void,
                ) -> ::core::result::Result<Self, ::nmr::TableMismatch> {
                    const SHAPE: ::nmr::private::Shape = ::nmr::private::Shape {
                        oldest: #oldest,
                        version: #version,
                        functions: &[#(#entries),*],
                    };
                    // SAFETY: as the caller says; the table is a header and functions.
                    let peer = unsafe { ::nmr::private::Peer::accept::<::nmr::#header>(context, table, &SHAPE) }?;
                    Ok(Self { peer })
                }

                fn version(&self) -> ::core::option::Option<u16> {
                    ::core::option::Option::Some(self.peer.version())
                }
            }

            impl #name for #calls {
                #(#methods)*
            }
        })
    }

    /// The field of the table for one function.
    fn pointer(&self, function: &Function) -> TokenStream {
        let (name, doc) = (&function.name, format!(" `{}::{}`.", self.name, function.name));
        let pointer = function::pointer(function);
        quote! {
            #[doc = #doc]
            pub #name: #pointer,
        }
    }

    /// The table by which peers call binding contexts.
    fn serving(&self, table: &Table, header: &Ident) -> TokenStream {
        let Self { name, dispatch, binding_trait, this, peers, .. } = self;
        let thunks = table.functions.iter().map(|function| function::thunk(function, self));
        let fields = table.functions.iter().map(|function| {
            let name = &function.name;
            match function.optional {
                true => quote!(#name: ::core::option::Option::Some(#name::<B>)),
                false => quote!(#name: #name::<B>),
            }
        });
        let whole = table.offset(table.functions.len());
        // Functions are not hygienic, so this name is one that no function of the contract has.
        let asked = Ident::new("version_of_table__", Span::mixed_site());
        let ends = table.functions.iter().enumerate().filter_map(|(index, function)| {
            let ((since, _), offset) = (function.since?, table.offset(index));
            Some(quote!(if #asked < #since { #offset } else))
        });
        let version = table.header.version.map_or_else(|| quote!(#asked), |version| quote!(#version));
        let header = (table.header.kind != Kind::None).then(|| {
            quote! {
                header: {
                    let size = #(#ends)* { #whole };
                    ::nmr::#header::begin(#version, ::nmr::Extent { used: size, size })
                },
            }
        });
        let doc = format!(
            "The table by which {peers} call the {this} binding contexts `B`, in a version of the contract."
        );
        quote! {
            impl #dispatch {
                #[doc = #doc]
                #[allow(deprecated, unused_variables)]
                pub const fn serving<B: #name + ::nmr::#binding_trait>(#asked: u16) -> Self {
                    #(#thunks)*
                    Self { #header #(#fields,)* }
                }
            }
        }
    }
}

/// Asks the compiler of each type that crosses whether it may, and whether it is as long as C takes it to be.
fn assertions(function: &Function, contract: &Contract) -> Vec<TokenStream> {
    let passed = function.arguments.passed.iter();
    let answered = match &function.output {
        Output::Value(Type::Tuple(unit)) | Output::Result(Type::Tuple(unit)) if unit.elems.is_empty() => None,
        Output::Value(answer) | Output::Result(answer) => Some(answer),
    };
    let any_value = function.is_unsafe;
    let passed = passed.map(|argument| match &argument.passing {
        Passing::Value(value) => (value, value_assertion(value, any_value)),
        Passing::Reference(target) | Passing::Slice(target) => (&target.of, assertion(&target.of, any_value)),
    });
    let answered = answered.map(|answer| match &function.output {
        Output::Value(_) => (answer, value_assertion(answer, any_value)),
        Output::Result(_) => (answer, assertion(answer, any_value)),
    });
    passed
        .chain(answered)
        .flat_map(|(crossing, asked)| [Some(asked), size_assertion(crossing, contract)])
        .flatten()
        .collect()
}

fn entry(dispatch: &Ident, function: &Function, oldest: u16) -> TokenStream {
    let Function { name, optional, .. } = function;
    let since = function.since.map_or(oldest, |(since, _)| since);
    quote! {
        ::nmr::private::Entry {
            offset: ::core::mem::offset_of!(#dispatch, #name),
            since: #since,
            optional: #optional,
        }
    }
}

/// What C compilers make of the table, asserted of Rust's.
fn layout(table: &Table, dispatch: &Ident) -> TokenStream {
    let size = table.offset(table.functions.len());
    let offsets = table.functions.iter().enumerate().map(|(index, function)| {
        let (name, offset) = (&function.name, table.offset(index));
        quote!(assert!(::core::mem::offset_of!(#dispatch, #name) == #offset);)
    });
    quote! {
        assert!(::core::mem::size_of::<#dispatch>() == #size);
        #(#offsets)*
    }
}
