//! The texts of a new driver crate.

use std::fmt::Write as _;

use super::field;
use super::name::pascal;
use super::request::{Line, Request, Role};

/// Its manifest.
pub(super) fn manifest(request: &Request) -> String {
    let mut dependencies: Vec<String> =
        request.npis.iter().map(|line| dependency(&line.contract.package)).collect();
    dependencies.extend(["nmr.workspace = true\n", "nmr-wdk.workspace = true\n"].map(str::to_owned));
    dependencies.sort();
    dependencies.dedup();
    format!(
        "\
[package]
name = \"{}\"
description = \"{}\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[package.metadata.nmr]
driver = true

[dependencies]
{}
[target.'cfg(not(nmr_driver))'.dev-dependencies]
nmr-sim.workspace = true

[lints]
workspace = true
",
        request.name,
        sentence(request),
        dependencies.concat()
    )
}

fn dependency(package: &str) -> String {
    match package {
        field::PACKAGE => format!("{package}.workspace = true\n"),
        _ => format!("{package} = {{ path = \"../{package}\" }}\n"),
    }
}

/// What the driver is, in one line.
pub(super) fn sentence(request: &Request) -> String {
    let of = |role: Role| {
        let titles: Vec<String> = request
            .npis
            .iter()
            .filter(|line| line.role == role)
            .map(|line| pascal(&line.contract.module))
            .collect();
        (!titles.is_empty()).then(|| format!("{} of {}", role.word(), titles.join(" and ")))
    };
    let parts: Vec<String> = [Role::Client, Role::Provider].into_iter().filter_map(of).collect();
    format!("A driver: {}.", parts.join(", "))
}

/// Its root.
pub(super) fn root(request: &Request) -> String {
    let name = request.name.pascal();
    let modules = uses(request.npis.iter().map(|line| {
        let path = line.contract.product.map_or(line.contract.module.as_str(), |product| product.path);
        (line.contract.package.as_str(), path)
    }));
    let digits = request.module_id.0.replace('-', "");
    let products = request.npis.iter().filter_map(|line| line.contract.product);
    let items: String = products.map(|product| product.items.replace("{MODULE_ID}", &digits)).collect();
    let lines: Vec<&Line> = request.npis.iter().collect();
    let bindings = Bindings::of(&lines, Role::other, &[&name]);
    let mut text = format!(
        "\
//! {}
#![cfg_attr(nmr_driver, no_std)]
#![forbid(unsafe_code)]

{modules}use nmr::{{{}}};
{items}
nmr::driver! {{
    /// The driver.
    pub driver {name} {{
        module_id: \"{}\",

{}    }}
}}
",
        sentence(request),
        imports(request.npis.iter().map(|line| line.role)),
        request.module_id.0,
        declarations(&lines, &bindings, |role| role, 8),
    );
    for (line, binding) in lines.iter().zip(&bindings.0) {
        let what = format!("A {} of {}.", line.role.other().word(), pascal(&line.contract.module));
        text += &implementation(
            line,
            line.role,
            binding,
            &name,
            &format!("/// {what}\n#[derive(Debug)]\npub struct {binding};\n"),
        );
    }
    text + "\n#[cfg(test)]\nmod tests;\n"
}

/// What binding contexts are called: after the peer that each stands for.
pub(super) struct Bindings(pub(super) Vec<String>);

impl Bindings {
    /// One for each of `lines`, different from each other and from `taken`.
    pub(super) fn of(lines: &[&Line], peer: fn(Role) -> Role, taken: &[&str]) -> Self {
        let mut names: Vec<String> = Vec::new();
        for line in lines {
            let mut name = pascal(&line.contract.module) + peer(line.role).side();
            while taken.contains(&name.as_str()) || names.contains(&name) {
                name += "Binding";
            }
            names.push(name);
        }
        Self(names)
    }
}

/// The lines with which modules are brought in, one for each crate.
pub(super) fn uses<'a>(modules: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut modules: Vec<(String, &str)> =
        modules.map(|(package, module)| (package.replace('-', "_"), module)).collect();
    modules.sort();
    let mut text = String::new();
    for group in modules.chunk_by(|a, b| a.0 == b.0) {
        let names: Vec<&str> = group.iter().map(|(_, module)| *module).collect();
        let names = if let [one] = names[..] { one.to_owned() } else { format!("{{{}}}", names.join(", ")) };
        let _ = writeln!(text, "use {}::{names};", group[0].0);
    }
    text
}

/// What a driver with these roles uses of the framework.
pub(super) fn imports(roles: impl Iterator<Item = Role>) -> String {
    let mut names = vec!["AtPassive".to_owned(), "Offer".to_owned(), "Refusal".to_owned()];
    names.extend(roles.map(|role| format!("{}Binding", role.side())));
    names.sort();
    names.dedup();
    names.join(", ")
}

/// The lines of `driver!`.
pub(super) fn declarations(
    lines: &[&Line],
    bindings: &Bindings,
    role: fn(Role) -> Role,
    indent: usize,
) -> String {
    let mut text = String::new();
    for (line, binding) in lines.iter().zip(&bindings.0) {
        let (role, module) = (role(line.role), &line.contract.module);
        let shown = line.contract.duties(role).characteristics.as_ref().map_or_else(String::new, |fields| {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            format!(", characteristics: {module}::{}Characteristics {{ {} }}", role.side(), fields.join(", "))
        });
        let (npi, options) = match line.contract.product {
            Some(product) => (product.npi.replace("{BINDING}", binding), product.options.to_owned()),
            None => (format!("{module}::Npi"), format!("capacity: 8{shown}")),
        };
        let word = role.word();
        let _ = writeln!(text, "{:indent$}{word} {module}: {npi} as {binding} {{ {options} }},", "");
    }
    text
}

/// The binding context of a registration of `driver` as `role`, which is declared by `declaration`.
pub(super) fn implementation(
    line: &Line,
    role: Role,
    binding: &str,
    driver: &str,
    declaration: &str,
) -> String {
    let module = &line.contract.module;
    let binding_trait = format!("{}Binding", role.side());
    let product = line.contract.product;
    let (peer, decision) = match product.map_or("", |product| product.decision) {
        "" => ("_", String::new()),
        decision => ("peer", format!("        {decision}\n")),
    };
    let npi = match product {
        Some(product) => product.npi.replace("{BINDING}", "Self"),
        None => format!("{module}::Npi"),
    };
    let mut text = format!(
        "
{declaration}
impl {binding_trait} for {binding} {{
    type Driver = {driver};
    type Npi = {npi};

    fn attach(_: &'static {driver}, {peer}: &{}, _: &AtPassive<'_>) -> Result<Self, Refusal> {{
{decision}        Ok(Self)
    }}
}}
",
        offer(line, role)
    );
    text += &product.map_or("", |product| product.implementation).replace("{BINDING}", binding);
    if let Some(functions) = &line.contract.duties(role).functions {
        let _ = write!(text, "\nimpl {module}::{} for {binding} {{\n", role.side());
        let bodies: Vec<String> = functions
            .iter()
            .map(|function| match function.answer.as_str() {
                "" => format!("    {} {{}}\n", function.signature),
                answer => format!("    {} {{\n        {answer}\n    }}\n", function.signature),
            })
            .collect();
        text += &bodies.join("\n");
        text += "}\n";
    }
    text
}

/// What the peer shows decides what its offer is.
fn offer(line: &Line, role: Role) -> String {
    let (other, module) = (role.other(), &line.contract.module);
    if let Some(shown) = line.contract.product.and_then(|product| product.shown) {
        return format!("Offer<'_, {shown}>");
    }
    match line.contract.duties(other).characteristics {
        Some(_) => format!("Offer<'_, {module}::{}Characteristics>", other.side()),
        None => "Offer<'_>".to_owned(),
    }
}
