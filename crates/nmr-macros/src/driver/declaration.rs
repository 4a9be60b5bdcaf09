//! The syntax of `driver!`.

use super::values::{ACTIVATE, CALLS_AT_DISPATCH, ENTRY, LOG_LEVEL, ON_FAILURE, POLICY, SELF_BINDING};
use super::values::{function, guid, number, once, one_of};
use nmr_contract::Mistakes;
use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::token::{Brace, Bracket};
use syn::{
    Attribute, Expr, Ident, LitBool, LitInt, LitStr, Path, Token, Type, Visibility, braced, bracketed,
};

const REGISTRATION: &str =
    "a registration reads `client <name>: <NPI> as <Binding> { capacity: <n> }`, or the same with `provider`";

/// A whole declaration.
pub(crate) struct Declaration {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) settings: Settings,
    pub(crate) registrations: Vec<Registration>,
    /// What is wrong so far. The rest is emitted all the same, so that editors go on completing inside.
    pub(crate) mistakes: Mistakes,
}

/// What is said of the driver as a whole.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) module_id: Option<LitStr>,
    pub(crate) state: Option<(Type, Expr)>,
    pub(crate) threads: Option<LitInt>,
    pub(crate) start: Option<Path>,
    pub(crate) stop: Option<Path>,
    pub(crate) system: Option<Type>,
    pub(crate) on_failure: Option<Ident>,
    pub(crate) log_level: Option<Ident>,
    pub(crate) control_device: Option<LitBool>,
    pub(crate) entry: Option<Ident>,
    /// What is there, right or wrong.
    pub(crate) named: Vec<Ident>,
}

/// One registration.
pub(crate) struct Registration {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) role: Role,
    pub(crate) name: Ident,
    pub(crate) npi: Path,
    pub(crate) binding: Type,
    pub(crate) options: Options,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Client,
    Provider,
}

/// What is said of one registration.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) capacity: Option<LitInt>,
    pub(crate) policy: Option<Ident>,
    pub(crate) self_binding: Option<Ident>,
    pub(crate) module_id: Option<LitStr>,
    pub(crate) number: Option<LitInt>,
    pub(crate) instances: Option<LitInt>,
    pub(crate) activate: Option<Ident>,
    pub(crate) needs: Vec<Ident>,
    pub(crate) characteristics: Option<Expr>,
    pub(crate) shards: Option<LitInt>,
    pub(crate) calls_at_dispatch: Option<Ident>,
    /// What is there, right or wrong.
    pub(crate) named: Vec<Ident>,
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let begins = |span| syn::Error::new(span, "a declaration begins with `driver <Name> {`");
        let keyword: Ident = input.parse().map_err(|error: syn::Error| begins(error.span()))?;
        if keyword != "driver" {
            return Err(begins(keyword.span()));
        }
        let name = input.parse()?;
        if input.peek(Token![<]) {
            let message = "a driver is one value in static memory: it has no parameters, so remove them";
            return Err(syn::Error::new(input.span(), message));
        }
        let body;
        braced!(body in input);
        let mut read = Self {
            attributes,
            visibility,
            name,
            settings: Settings::default(),
            registrations: Vec::new(),
            mistakes: Mistakes::default(),
        };
        let mut mistakes = each(&body, &mut |body, mistakes| {
            read_entry(&mut read.settings, &mut read.registrations, body, mistakes)
        })?;
        if !input.is_empty() {
            mistakes.add(input.span(), "an image is one driver, and this is behind its declaration: put a second driver into a crate of its own");
            input.parse::<TokenStream>()?;
        }
        Ok(Self { mistakes, ..read })
    }
}

/// Reads what stands between commas; what is wrong is skipped, and told.
fn each(
    input: ParseStream<'_>,
    read: &mut dyn FnMut(ParseStream<'_>, &mut Mistakes) -> syn::Result<()>,
) -> syn::Result<Mistakes> {
    let mut mistakes = Mistakes::default();
    while !input.is_empty() {
        if let Err(error) = read(input, &mut mistakes) {
            mistakes.add_error(error);
            while !input.is_empty() && !input.peek(Token![,]) {
                input.parse::<TokenTree>()?;
            }
        } else if !input.is_empty() && !input.peek(Token![,]) {
            mistakes.add(input.span(), "a comma is missing in front of this");
            continue;
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(mistakes)
}

/// A setting or a registration.
fn read_entry(
    settings: &mut Settings,
    registrations: &mut Vec<Registration>,
    body: ParseStream<'_>,
    mistakes: &mut Mistakes,
) -> syn::Result<()> {
    let attributes = body.call(Attribute::parse_outer)?;
    let word: Ident = body.parse()?;
    if let (true, Some(attribute)) = (body.peek(Token![:]), attributes.first()) {
        let message = "a setting has no attributes: put them on the registration or the driver they are for";
        mistakes.add_error(syn::Error::new_spanned(attribute, message));
    }
    if body.peek(Token![:]) {
        return settings.parse_one(&word, body);
    }
    if let Some(condition) = attributes.iter().find(|attribute| attribute.path().is_ident("cfg")) {
        let message = "a registration is there in every build of the driver: remove the condition, or write two declarations \
                       and put it on the whole of each";
        mistakes.add_error(syn::Error::new_spanned(condition, message));
    }
    let attributes = attributes.into_iter().filter(|attribute| !attribute.path().is_ident("cfg")).collect();
    registrations.push(Registration::parse_after(attributes, &word, body, mistakes)?);
    Ok(())
}

impl Settings {
    fn parse_one(&mut self, word: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        self.named.push(word.clone());
        input.parse::<Token![:]>()?;
        match word.to_string().as_str() {
            "module_id" => once(&mut self.module_id, word, guid(input)?),
            "threads" => once(&mut self.threads, word, number(word, input)?),
            "start" => once(&mut self.start, word, function(word, input)?),
            "stop" => once(&mut self.stop, word, function(word, input)?),
            "system" => once(&mut self.system, word, input.parse()?),
            "on_failure" => once(&mut self.on_failure, word, one_of(word, ON_FAILURE, input)?),
            "entry" => once(&mut self.entry, word, one_of(word, ENTRY, input)?),
            "log_level" => once(&mut self.log_level, word, one_of(word, LOG_LEVEL, input)?),
            "control_device" => {
                let answer = input
                    .parse::<LitBool>()
                    .map_err(|error| syn::Error::new(error.span(), "write `true` or `false`"))?;
                once(&mut self.control_device, word, answer)
            }
            "state" => {
                let state_type = input.parse()?;
                let value = "the state has a value to begin with: write `state: Type = value`";
                input.parse::<Token![=]>().map_err(|error| syn::Error::new(error.span(), value))?;
                once(&mut self.state, word, (state_type, input.parse()?))
            }
            other => Err(syn::Error::new(
                word.span(),
                format!(
                    "unknown setting `{other}`: there are module_id, state, threads, start, stop, system, \
                     on_failure, log_level, control_device, entry, and registrations: `client <name>: <NPI> as <Binding> {{ \
                     capacity: <n> }}`"
                ),
            )),
        }
    }
}

impl Options {
    /// Whether calls may be made at DISPATCH_LEVEL without being counted.
    pub(crate) fn allows_calls_at_dispatch(&self) -> bool {
        self.calls_at_dispatch.as_ref().is_some_and(|word| word == "allow")
    }
}

impl Registration {
    fn parse_after(
        attributes: Vec<Attribute>,
        role: &Ident,
        input: ParseStream<'_>,
        mistakes: &mut Mistakes,
    ) -> syn::Result<Self> {
        let role = match role.to_string().as_str() {
            "client" => Role::Client,
            "provider" => Role::Provider,
            other => {
                return Err(syn::Error::new(
                    role.span(),
                    format!(
                        "unknown NPI role `{other}`: write `client` to call providers of the NPI, or `provider` to \
                         serve clients of it"
                    ),
                ));
            }
        };
        let form = |error: syn::Error| syn::Error::new(error.span(), REGISTRATION);
        let name = input.parse().map_err(form)?;
        input.parse::<Token![:]>().map_err(form)?;
        let npi = input.parse().map_err(form)?;
        input.parse::<Token![as]>().map_err(form)?;
        let binding = input.parse()?;
        if !input.peek(Brace) {
            return Err(form(input.error("")));
        }
        let body;
        braced!(body in input);
        let mut options = Options::default();
        let wrong = each(&body, &mut |body, _| options.parse_one(body))?;
        if let Err(wrong) = wrong.into_result() {
            mistakes.add_error(wrong);
        }
        Ok(Self { attributes, role, name, npi, binding, options })
    }
}

impl Options {
    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let word: Ident = input.parse()?;
        self.named.push(word.clone());
        input.parse::<Token![:]>()?;
        match word.to_string().as_str() {
            "capacity" => once(&mut self.capacity, &word, number(&word, input)?),
            "policy" => once(&mut self.policy, &word, one_of(&word, POLICY, input)?),
            "self_binding" => once(&mut self.self_binding, &word, one_of(&word, SELF_BINDING, input)?),
            "characteristics" => once(&mut self.characteristics, &word, input.parse()?),
            "shards" => once(&mut self.shards, &word, number(&word, input)?),
            "calls_at_dispatch" => {
                once(&mut self.calls_at_dispatch, &word, one_of(&word, CALLS_AT_DISPATCH, input)?)
            }
            "module_id" => once(&mut self.module_id, &word, guid(input)?),
            "number" => once(&mut self.number, &word, number(&word, input)?),
            "instances" => once(&mut self.instances, &word, number(&word, input)?),
            "activate" => once(&mut self.activate, &word, one_of(&word, ACTIVATE, input)?),
            "needs" => {
                if !input.peek(Bracket) {
                    let message = "`needs` is a list of registrations: write `needs: [other]`";
                    return Err(syn::Error::new(input.span(), message));
                }
                let names;
                bracketed!(names in input);
                let names = Punctuated::<Ident, Token![,]>::parse_terminated(&names)?;
                self.needs.extend(names);
                Ok(())
            }
            other => Err(syn::Error::new(
                word.span(),
                format!(
                    "unknown option `{other}`: there are capacity, policy, needs, self_binding, module_id, number, characteristics, instances, \
                     activate, shards and calls_at_dispatch"
                ),
            )),
        }
    }
}
