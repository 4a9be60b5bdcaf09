//! The output of `driver!`: storage, and a trait implementation that names it. No logic.

use super::declaration::{Declaration, Registration, Role};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned;

pub(crate) fn driver(declaration: &Declaration, stages: &[u8], with_entry: bool) -> TokenStream {
    let Declaration { attributes, visibility, name, settings, registrations, .. } = declaration;
    let system = settings.system.as_ref().map_or_else(|| quote!(::nmr_wdk::Kernel), |system| quote!(#system));
    let entry = (with_entry && settings.system.is_none()).then(|| entry(declaration));
    let threads = settings.threads.as_ref().map_or_else(|| quote!(0), |threads| quote!(#threads));
    let (state_type, state) = match &settings.state {
        Some((state_type, state)) => (quote!(#state_type), quote!(#state)),
        None => (quote!(()), quote!(())),
    };
    let nobody = || "00000000-0000-0000-0000-000000000000".to_owned();
    let module_id = settings.module_id.as_ref().map_or_else(nobody, syn::LitStr::value);
    let start = settings.start.as_ref().map_or_else(
        || quote!(::core::result::Result::Ok(())),
        |start| quote_spanned!(start.span().resolved_at(Span::call_site())=> #start(self, at)),
    );
    let stop = settings
        .stop
        .as_ref()
        .map(|stop| quote_spanned!(stop.span().resolved_at(Span::call_site())=> #stop(self, at)));
    let grace = registrations.iter().any(|registration| registration.options.allows_calls_at_dispatch());
    let grace_field = grace.then(|| quote!(grace_periods: ::nmr::GracePeriods<#system>,));
    let grace_value = grace.then(|| {
        quote! {
            // SAFETY: in the driver's static storage, and unload flushes the system's DPCs last.
            grace_periods: unsafe { ::nmr::GracePeriods::new() },
        }
    });
    let grace_periods = match grace {
        true => quote!(::core::option::Option::Some(&self.grace_periods)),
        false => quote!(::core::option::Option::None),
    };
    let fields = registrations.iter().map(field);
    let values = registrations.iter().map(value);
    let checks = registrations.iter().map(|registration| npi_check(declaration, registration));
    let name_text = name.unraw().to_string();
    let mut in_order: Vec<_> = registrations.iter().zip(stages).collect();
    in_order.sort_by_key(|(_, stage)| **stage);
    let count: usize = registrations.iter().map(instances).sum();
    let tables = in_order.iter().flat_map(|(registration, _)| {
        let (field, text) = (&registration.name, registration.name.unraw().to_string());
        (0..instances(registration)).map(move |index| match registration.options.instances {
            Some(_) => quote!(self.#field.table_of(#index, #text)),
            None => quote!(self.#field.table(#text)),
        })
    });
    let options = in_order.iter().flat_map(|(registration, _)| options(registration));
    let visits = in_order.iter().map(|(registration, stage)| {
        let field = &registration.name;
        match registration.options.instances {
            None => quote!(each(::nmr::Stage(#stage), &self.#field);),
            Some(_) => quote! {
                for instance in &*self.#field {
                    each(::nmr::Stage(#stage), instance);
                }
            },
        }
    });
    let on_failure = match &settings.on_failure {
        Some(word) if word == "park" => quote!(Park),
        _ => quote!(Bugcheck),
    };
    quote! {
        #(#attributes)*
        #[derive(Debug)]
        #visibility struct #name {
            system: #system,
            /// The state that the declaration gives the driver.
            #[allow(dead_code)]
            #visibility state: #state_type,
            /// The driver's own threads.
            #[allow(dead_code)]
            #visibility threads: ::nmr::Threads<#name, #threads>,
            #grace_field
            coordinator: ::nmr::Coordinator<#name>,
            #(#fields)*
        }

        impl #name {
            /// The driver on `system`, before it is loaded.
            ///
            /// # Safety
            /// For static storage that is loaded and unloaded as `nmr::Driver` demands.
            #[doc(hidden)]
            pub const unsafe fn new(system: #system) -> Self {
                // Apart, because the body of an unsafe function may do what the declaration must not.
                #[allow(clippy::unused_unit)]
                const fn declared_state() -> #state_type {
                    #state
                }
                // SAFETY: the implementation of `Driver` joins these threads.
                let threads = unsafe { ::nmr::Threads::new() };
                Self {
                    system,
                    state: declared_state(),
                    threads,
                    coordinator: ::nmr::Coordinator::new(),
                    #grace_value
                    #(#values)*
                }
            }

            /// Where debuggers find the registrations and their slots.
            #[doc(hidden)]
            pub const fn snapshot_table(&'static self) -> ::nmr::snapshot::table::SnapshotTable<#count> {
                ::nmr::snapshot::table::SnapshotTable::new(
                    #name_text,
                    <Self as ::nmr::Driver>::MODULE_ID,
                    [#(#tables),*],
                )
            }
        }

        // SAFETY: every registration is visited, and the threads are joined.
        unsafe impl ::nmr::Driver for #name {
            type System = #system;
            const NAME: &'static str = #name_text;
            const MODULE_ID: &'static ::nmr::ModuleId =
                &::nmr::ModuleId::from_guid(::nmr::private::guid(#module_id));
            const ON_FAILURE: ::nmr::OnFailure = ::nmr::OnFailure::#on_failure;

            const OPTIONS: &'static [::nmr::Options] = &[#(#options),*];

            unsafe fn create(system: Self::System) -> Self {
                // SAFETY: as the caller says.
                unsafe { Self::new(system) }
            }

            fn system(&self) -> &Self::System {
                &self.system
            }

            fn grace_periods(&'static self) -> ::core::option::Option<&'static ::nmr::GracePeriods<Self::System>> {
                #grace_periods
            }

            fn coordinator(&self) -> &::nmr::Coordinator<Self> {
                &self.coordinator
            }

            // Called in many places of the unload: one copy will do.
            #[inline(never)]
            fn for_each_registration(
                &'static self,
                each: &mut dyn FnMut(::nmr::Stage, &'static dyn ::nmr::Registered<Self>),
            ) {
                #(#visits)*
            }

            #[allow(unused_variables)]
            fn start(&'static self, at: &::nmr::MayWait<'_>) -> ::nmr::Result<()> {
                #start
            }

            #[allow(unused_variables)]
            fn stop(&'static self, at: &::nmr::MayWait<'_>) {
                #stop
            }

            fn ask_threads_to_end(&'static self) {
                self.threads.ask_to_end();
            }

            unsafe fn join_threads(&'static self, at: &::nmr::MayWait<'_>) {
                // SAFETY: as the caller says.
                unsafe { self.threads.join(at, self) };
            }
        }

        #(#checks)*
        #entry
    }
}

fn entry(declaration: &Declaration) -> TokenStream {
    let Declaration { name, settings, registrations, .. } = declaration;
    let count = registrations.iter().map(instances).sum();
    let count = proc_macro2::Literal::usize_unsuffixed(count);
    let level = settings.log_level.as_ref().map(ToString::to_string);
    let level = match level.as_deref() {
        Some("error") => quote!(Error),
        Some("warning") => quote!(Warning),
        Some("trace") => quote!(Trace),
        _ => quote!(Info),
    };
    let control_device = settings.control_device.as_ref().is_some_and(syn::LitBool::value);
    let entry = settings.entry.as_ref().map_or_else(|| format_ident!("wdm"), Clone::clone);
    quote! {
        ::nmr_wdk::driver_entry!(
            #name, registrations: #count, log_level: #level, control_device: #control_device, entry: #entry
        );
    }
}

/// How many registrations with NMR the declared one stands for; validated before.
fn instances(registration: &Registration) -> usize {
    registration.options.instances.as_ref().map_or(1, |count| count.base10_parse().unwrap_or(1))
}

fn field(registration: &Registration) -> TokenStream {
    let Registration { attributes, name, role, binding, npi, options, .. } = registration;
    let capacity = options.capacity.as_ref().map_or_else(|| quote!(1), |capacity| quote!(#capacity));
    let protection = (options.shards.is_some() || options.allows_calls_at_dispatch()).then(|| {
        let shards = options.shards.as_ref().map_or_else(|| quote!(1), |shards| quote!(#shards));
        let at_dispatch = options.allows_calls_at_dispatch();
        quote!(, #shards, #at_dispatch)
    });
    let side = match role {
        Role::Client => "Client",
        Role::Provider => "Provider",
    };
    let field_type = match &options.instances {
        None => {
            let kind = format_ident!("{side}Registration");
            quote!(::nmr::#kind<#binding, #capacity #protection>)
        }
        Some(instances) => {
            let kind = format_ident!("{side}Instances");
            quote!(::nmr::#kind<#binding, #capacity, #instances #protection>)
        }
    };
    let doc = format!(" Registration `{name}`, {} of `{}`.", role_name(*role), quote!(#npi));
    quote! {
        #[doc = #doc]
        #(#attributes)*
        pub #name: #field_type,
    }
}

fn value(registration: &Registration) -> TokenStream {
    let Registration { name, options, .. } = registration;
    let kind = match options.instances {
        None => quote!(Registration),
        Some(_) => quote!(Instances),
    };
    quote! {
        // SAFETY: the implementation of `Driver` visits this registration.
        #name: unsafe { ::nmr::#kind::new() },
    }
}

/// The options of the registration, or of each of its instances.
fn options(registration: &Registration) -> Vec<TokenStream> {
    let Registration { name, npi, options, .. } = registration;
    let text = name.unraw().to_string();
    let policy = match &options.policy {
        Some(policy) if policy == "one" => quote!(One),
        Some(policy) if policy == "first_of" => quote!(FirstOf),
        _ => quote!(All),
    };
    let accept_self = options.self_binding.as_ref().is_some_and(|word| word == "accept");
    let at_load = options.activate.as_ref().is_none_or(|word| word != "later");
    let number = options.number.as_ref().map_or_else(|| quote!(0), |number| quote!(#number));
    let module_id = options.module_id.as_ref().map_or_else(
        || quote!(None),
        |id| quote!(Some(const { &::nmr::ModuleId::from_guid(::nmr::private::guid(#id)) })),
    );
    let role_name = match registration.role {
        Role::Client => format_ident!("ClientCharacteristics", span = npi.span()),
        Role::Provider => format_ident!("ProviderCharacteristics", span = npi.span()),
    };
    let shown = quote_spanned!(npi.span()=> <#npi as ::nmr::Npi>::#role_name);
    let characteristics = match &options.characteristics {
        Some(value) => quote! {
            ::nmr::OwnCharacteristics::of::<#shown>(const {
                const SHOWN: #shown = #value;
                &SHOWN.publish()
            })
        },
        None => quote_spanned!(npi.span()=> ::nmr::OwnCharacteristics::none::<#shown>()),
    };
    let declared = quote! {
        ::nmr::Options {
            name: #text,
            policy: ::nmr::Policy::#policy,
            accept_self: #accept_self,
            at_load: #at_load,
            module_id: #module_id,
            number: #number,
            characteristics: #characteristics,
            instance: None,
        }
    };
    match options.instances {
        None => vec![declared],
        Some(_) => (0..instances(registration)).map(|index| quote!(#declared.of_instance(#index))).collect(),
    }
}

/// The binding type says which NPI and driver it is for; the declaration must say the same.
fn npi_check(declaration: &Declaration, registration: &Registration) -> TokenStream {
    let driver = &declaration.name;
    let Registration { npi, binding, role, .. } = registration;
    let contract = match role {
        Role::Client => quote!(ClientBinding),
        Role::Provider => quote!(ProviderBinding),
    };
    quote_spanned! {npi.span()=>
        const _: () = {
            const fn is_declared_as<B: ::nmr::#contract<Npi = #npi, Driver = #driver>>() {}
            is_declared_as::<#binding>();
        };
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Provider => "provider",
    }
}
