//! What the syntax cannot show: names, numbers, and the order that `needs` asks for. All mistakes are reported at once.

use super::declaration::{Declaration, Registration, Role};
use nmr_abi::Guid;
use syn::{Ident, LitInt, LitStr};

/// More than any driver of the field has; fewer than there are stages.
const MOST_REGISTRATIONS: usize = 64;
const MOST_PEERS: u64 = 1024;
const MOST_THREADS: u64 = 64;
const MOST_INSTANCES: u64 = 1024;
const TAKEN: [&str; 6] = ["system", "state", "threads", "coordinator", "grace_periods", "new"];

/// The stage of each registration, in the order of the declaration: 0 for those that need no other.
pub(crate) fn stages(declaration: &Declaration) -> syn::Result<Vec<u8>> {
    let mut mistakes = Mistakes::default();
    check_settings(declaration, &mut mistakes);
    for (index, registration) in declaration.registrations.iter().enumerate() {
        check_name(registration, &declaration.registrations[..index], &mut mistakes);
        check_options(registration, &mut mistakes);
    }
    let stages = order(&declaration.registrations, &mut mistakes);
    mistakes.into_result().map(|()| stages)
}

#[derive(Default)]
struct Mistakes(Option<syn::Error>);

impl Mistakes {
    fn add(&mut self, at: &Ident, message: String) {
        self.add_error(syn::Error::new(at.span(), message));
    }

    fn add_error(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
    }

    fn into_result(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

fn check_settings(declaration: &Declaration, mistakes: &mut Mistakes) {
    let Declaration { name, settings, registrations, .. } = declaration;
    match &settings.module_id {
        None => mistakes.add(
            name,
            "the driver has no module id: add `module_id: \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\",` with a GUID of \
             its own"
                .into(),
        ),
        Some(text) => check_guid(text, mistakes),
    }
    if let Some(threads) = &settings.threads {
        check_number(threads, "threads", 1, MOST_THREADS, mistakes);
    }
    check_word(settings.on_failure.as_ref(), "on_failure", &["bugcheck", "park"], mistakes);
    check_word(settings.log_level.as_ref(), "log_level", &["error", "warning", "info", "trace"], mistakes);
    if registrations.is_empty() {
        mistakes.add(
            name,
            "the driver declares no NPI: add `client <name>: <NPI> as <Binding> { capacity: <n> }`, or the same with \
             `provider`"
                .into(),
        );
    }
    if registrations.len() > MOST_REGISTRATIONS {
        mistakes.add(name, format!("a driver declares at most {MOST_REGISTRATIONS} registrations"));
    }
}

fn check_guid(text: &LitStr, mistakes: &mut Mistakes) {
    if let Err(invalid) = Guid::parse(&text.value()) {
        mistakes.add_error(syn::Error::new(text.span(), invalid.to_string()));
    }
}

fn check_name(registration: &Registration, before: &[Registration], mistakes: &mut Mistakes) {
    let name = &registration.name;
    if before.iter().any(|other| other.name == *name) {
        mistakes.add(
            name,
            format!("two registrations are named `{name}`: each needs a name of its own, it is a field of the driver"),
        );
    }
    if TAKEN.iter().any(|taken| name == taken) {
        mistakes.add(name, format!("`{name}` is a name that every driver has: choose another"));
    }
}

fn check_options(registration: &Registration, mistakes: &mut Mistakes) {
    let Registration { name, options, role, .. } = registration;
    let (peers, this) = match role {
        Role::Client => ("providers", "client"),
        Role::Provider => ("clients", "provider"),
    };
    match &options.capacity {
        None => mistakes.add(
            name,
            format!("the {this} `{name}` has no capacity: add `capacity: <n>`, the most {peers} attached at a time"),
        ),
        Some(capacity) => check_number(capacity, "capacity", 1, MOST_PEERS, mistakes),
    }
    check_word(options.policy.as_ref(), "policy", &["all", "one", "first_of"], mistakes);
    check_word(options.self_binding.as_ref(), "self_binding", &["refuse", "accept"], mistakes);
    check_word(options.calls_at_dispatch.as_ref(), "calls_at_dispatch", &["refuse", "allow"], mistakes);
    if let Some(shards) = &options.shards {
        check_shards(shards, mistakes);
    }
    check_word(options.activate.as_ref(), "activate", &["at_load", "later"], mistakes);
    if let Some(instances) = &options.instances {
        check_number(instances, "instances", 1, MOST_INSTANCES, mistakes);
    }
    if let Some(module_id) = &options.module_id {
        check_guid(module_id, mistakes);
    }
    if let Some(number) = &options.number {
        check_number(number, "number", 0, u32::MAX.into(), mistakes);
    }
}

fn check_number(number: &LitInt, what: &str, least: u64, most: u64, mistakes: &mut Mistakes) {
    let message = match number.base10_parse::<u64>() {
        Ok(value) if (least..=most).contains(&value) => return,
        Ok(value) => format!("`{what}` is {value}: it must be from {least} to {most}"),
        Err(_) => format!("`{what}` must be a number from {least} to {most}"),
    };
    mistakes.add_error(syn::Error::new(number.span(), message));
}

fn check_shards(shards: &LitInt, mistakes: &mut Mistakes) {
    if !matches!(shards.base10_parse::<u64>(), Ok(1 | 16)) {
        let message = "`shards` is 1, or 16 for an NPI that is called from many processors at a time";
        mistakes.add_error(syn::Error::new(shards.span(), message));
    }
}

fn check_word(word: Option<&Ident>, what: &str, known: &[&str], mistakes: &mut Mistakes) {
    if let Some(word) = word
        && !known.iter().any(|known| word == known)
    {
        mistakes.add(word, format!("unknown {what} `{word}`: write `{}`", known.join("` or `")));
    }
}

/// The stage of each registration: one above the highest that it needs.
fn order(registrations: &[Registration], mistakes: &mut Mistakes) -> Vec<u8> {
    let needs = registrations.iter().map(|registration| needs_of(registration, registrations, mistakes));
    let needs: Vec<Vec<usize>> = needs.collect();
    let mut stages = vec![0_u8; registrations.len()];
    // Without a cycle the longest chain has as many links as there are registrations, less one.
    for _ in 0..registrations.len() {
        let mut changed = false;
        for (index, needs) in needs.iter().enumerate() {
            let stage = needs.iter().map(|needed| stages[*needed].saturating_add(1)).max().unwrap_or(0);
            changed |= stages[index] != stage;
            stages[index] = stage;
        }
        if !changed {
            return stages;
        }
    }
    let highest = (0..stages.len()).max_by_key(|index| stages[*index]);
    if let Some(registration) = highest.map(|index| &registrations[index]) {
        let name = &registration.name;
        mistakes.add(
            name,
            format!(
                "`needs` goes round in a circle through `{name}`: nothing could be taken down first, so take one of \
                 the needs out"
            ),
        );
    }
    stages
}

fn needs_of(
    registration: &Registration,
    registrations: &[Registration],
    mistakes: &mut Mistakes,
) -> Vec<usize> {
    let mut found = Vec::new();
    for needed in &registration.options.needs {
        match registrations.iter().position(|other| other.name == *needed) {
            Some(index) => found.push(index),
            None => mistakes.add(needed, format!("no registration is named `{needed}`")),
        }
    }
    found
}
