//! What the syntax cannot show: names, numbers, and the order that `needs` asks for. All mistakes are reported at once.

use super::declaration::{Declaration, Registration, Role};
use super::values::{ACTIVATE, CALLS_AT_DISPATCH, ENTRY, LOG_LEVEL, ON_FAILURE, POLICY, SELF_BINDING};
use nmr_abi::Guid;
use nmr_contract::Mistakes;
use syn::{Ident, LitInt, LitStr};

/// More than any driver of the field has; fewer than there are stages.
const MOST_REGISTRATIONS: usize = 64;
const MOST_PEERS: u64 = 1024;
const MOST_THREADS: u64 = 64;
const MOST_INSTANCES: u64 = 1024;
const TAKEN: [&str; 6] = ["system", "state", "threads", "coordinator", "grace_periods", "new"];

/// The stage of each registration, in the order of the declaration: 0 for those that need no other. What is wrong is told
/// and taken out, so that the rest can be emitted.
pub(crate) fn stages(declaration: &mut Declaration) -> Vec<u8> {
    let mut mistakes = std::mem::take(&mut declaration.mistakes);
    check_settings(declaration, &mut mistakes);
    let mut names: Vec<Ident> = Vec::new();
    declaration.registrations.retain_mut(|registration| {
        check_options(registration, &mut mistakes);
        let fine = check_name(&registration.name, &names, &mut mistakes);
        names.push(registration.name.clone());
        fine
    });
    let stages = order(&declaration.registrations, &mut mistakes);
    declaration.mistakes = mistakes;
    stages
}

fn check_settings(declaration: &mut Declaration, mistakes: &mut Mistakes) {
    let Declaration { name, settings, registrations, .. } = declaration;
    match &settings.module_id {
        None if settings.named.iter().any(|word| word == "module_id") => {}
        None => mistakes.add(
            name.span(),
            "the driver has no module id: add `module_id: \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\",` with a GUID of \
             its own",
        ),
        Some(_) => check_guid(&mut settings.module_id, mistakes),
    }
    check_number(&mut settings.threads, "threads", 1, MOST_THREADS, mistakes);
    check_word(settings.on_failure.as_ref(), "on_failure", ON_FAILURE, mistakes);
    check_word(settings.log_level.as_ref(), "log_level", LOG_LEVEL, mistakes);
    check_word(settings.entry.as_ref(), "entry", ENTRY, mistakes);
    if let (Some(entry), Some(device)) = (&settings.entry, &settings.control_device)
        && entry == "own"
        && device.value
    {
        let message = "the control device is for `entry: wdm`: with an entry of its own the driver answers IRPs itself, so leave \
             `control_device` out";
        mistakes.add(device.span(), message);
    }
    if registrations.is_empty() && mistakes.count() == 0 {
        mistakes.add(
            name.span(),
            "the driver declares no NPI: add `client <name>: <NPI> as <Binding> { capacity: <n> }`, or the same with \
             `provider`",
        );
    }
    if registrations.len() > MOST_REGISTRATIONS {
        mistakes.add(name.span(), format!("a driver declares at most {MOST_REGISTRATIONS} registrations"));
    }
}

fn check_guid(guid: &mut Option<LitStr>, mistakes: &mut Mistakes) {
    if let Some(text) = guid
        && let Err(invalid) = Guid::parse(&text.value())
    {
        mistakes.add(text.span(), invalid.to_string());
        *guid = None;
    }
}

fn check_name(name: &Ident, before: &[Ident], mistakes: &mut Mistakes) -> bool {
    let twice = before.contains(name);
    if twice {
        mistakes.add(
            name.span(),
            format!("two registrations are named `{name}`: each needs a name of its own, it is a field of the driver"),
        );
    }
    let taken = TAKEN.iter().any(|taken| name == taken);
    if taken {
        mistakes.add(name.span(), format!("`{name}` is a name that every driver has: choose another"));
    }
    !twice && !taken
}

fn check_options(registration: &mut Registration, mistakes: &mut Mistakes) {
    let Registration { name, options, role, .. } = registration;
    let (peers, this) = match role {
        Role::Client => ("providers", "client"),
        Role::Provider => ("clients", "provider"),
    };
    if options.capacity.is_none() && !options.named.iter().any(|word| word == "capacity") {
        mistakes.add(
            name.span(),
            format!("the {this} `{name}` has no capacity: add `capacity: <n>`, the most {peers} attached at a time"),
        );
    }
    check_number(&mut options.capacity, "capacity", 1, MOST_PEERS, mistakes);
    check_word(options.policy.as_ref(), "policy", POLICY, mistakes);
    check_word(options.self_binding.as_ref(), "self_binding", SELF_BINDING, mistakes);
    check_word(options.calls_at_dispatch.as_ref(), "calls_at_dispatch", CALLS_AT_DISPATCH, mistakes);
    check_shards(&mut options.shards, mistakes);
    check_word(options.activate.as_ref(), "activate", ACTIVATE, mistakes);
    check_number(&mut options.instances, "instances", 1, MOST_INSTANCES, mistakes);
    check_guid(&mut options.module_id, mistakes);
    check_number(&mut options.number, "number", 0, u32::MAX.into(), mistakes);
}

fn check_number(number: &mut Option<LitInt>, what: &str, least: u64, most: u64, mistakes: &mut Mistakes) {
    let Some(written) = number else { return };
    let message = match written.base10_parse::<u64>() {
        Ok(value) if !written.suffix().is_empty() => {
            format!("the declaration knows the type of `{what}`: write `{what}: {value}`")
        }
        Ok(value) if (least..=most).contains(&value) => return,
        Ok(value) => format!("`{what}` is {value}: it must be from {least} to {most}"),
        Err(_) => format!("`{what}` must be a number from {least} to {most}"),
    };
    mistakes.add(written.span(), message);
    *number = None;
}

fn check_shards(shards: &mut Option<LitInt>, mistakes: &mut Mistakes) {
    if let Some(written) = shards
        && !matches!((written.base10_parse::<u64>(), written.suffix()), (Ok(1 | 16), ""))
    {
        let message = "`shards` is 1, or 16 for an NPI that is called from many processors at a time";
        mistakes.add(written.span(), message);
        *shards = None;
    }
}

fn check_word(word: Option<&Ident>, what: &str, known: &[&str], mistakes: &mut Mistakes) {
    if let Some(word) = word
        && !known.iter().any(|known| word == known)
    {
        mistakes.add(word.span(), format!("unknown {what} `{word}`: write `{}`", known.join("` or `")));
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
            name.span(),
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
            None => {
                let others = registrations.iter().filter(|other| other.name != registration.name);
                let others: Vec<_> = others.map(|other| format!("`{}`", other.name)).collect();
                let remedy = match &others[..] {
                    [] => "leave `needs` out, as there is no other".to_owned(),
                    [other] => format!("there is {other}"),
                    others => format!("there are {}", others.join(", ")),
                };
                mistakes.add(needed.span(), format!("no registration is named `{needed}`: {remedy}"));
            }
        }
    }
    found
}
