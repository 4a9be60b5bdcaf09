//! In which order C hears of structures: it wants to have seen what a structure holds, and the names of what it has addresses
//! of.

use crate::{Contract, PlainStruct};
use syn::{GenericArgument, PathArguments, ReturnType, Type};

/// What the header says next.
pub(super) enum Step<'a> {
    /// That there is such a structure.
    Announce(&'a PlainStruct),
    /// The structure.
    Define(&'a PlainStruct),
}

/// All structures of the contract.
pub(super) fn of(contract: &Contract) -> Vec<Step<'_>> {
    let mut order = Order { contract, begun: Vec::new(), known: Vec::new(), steps: Vec::new() };
    contract.plain.iter().for_each(|plain| order.define(plain));
    order.steps
}

struct Order<'a> {
    contract: &'a Contract,
    begun: Vec<&'a PlainStruct>,
    /// Announced, or defined.
    known: Vec<&'a PlainStruct>,
    steps: Vec<Step<'a>>,
}

impl<'a> Order<'a> {
    fn define(&mut self, plain: &'a PlainStruct) {
        if among(&self.begun, plain) {
            return;
        }
        self.begun.push(plain);
        let mut mentioned = Vec::new();
        for field in &plain.fields {
            mentions(&field.field_type, self.contract, Behind::Nothing, &mut Vec::new(), &mut mentioned);
        }
        for (other, behind) in &mentioned {
            // Another name of an integer is nothing that can be announced.
            if *behind == Behind::Nothing || other.renames(self.contract).is_some() {
                self.define(other);
            }
        }
        for (other, _) in mentioned {
            if !among(&self.known, other) {
                self.known.push(other);
                self.steps.push(Step::Announce(other));
            }
        }
        self.known.push(plain);
        self.steps.push(Step::Define(plain));
    }
}

fn among(some: &[&PlainStruct], plain: &PlainStruct) -> bool {
    some.iter().any(|other| other.name == plain.name)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    Nothing,
    Address,
}

/// The structures in a type. `aliases` are those that are being looked into.
fn mentions<'a>(
    of: &Type,
    contract: &'a Contract,
    behind: Behind,
    aliases: &mut Vec<String>,
    found: &mut Vec<(&'a PlainStruct, Behind)>,
) {
    let mut inside = |of: &Type, behind| mentions(of, contract, behind, aliases, found);
    match of {
        Type::Paren(inner) => inside(&inner.elem, behind),
        Type::Group(inner) => inside(&inner.elem, behind),
        Type::Array(array) => inside(&array.elem, behind),
        Type::Ptr(pointer) => inside(&pointer.elem, Behind::Address),
        Type::BareFn(function) => {
            function.inputs.iter().for_each(|argument| inside(&argument.ty, Behind::Address));
            if let ReturnType::Type(_, answer) = &function.output {
                inside(answer, Behind::Address);
            }
        }
        Type::Path(path) => {
            if let Some(alias) = contract.aliases.iter().find(|alias| alias.is(path)) {
                let name = alias.name.to_string();
                if !aliases.contains(&name) {
                    aliases.push(name);
                    mentions(&alias.of, contract, behind, aliases, found);
                    aliases.pop();
                }
                return;
            }
            let Some(last) = path.path.segments.last() else { return };
            if let PathArguments::AngleBracketed(arguments) = &last.arguments {
                for argument in &arguments.args {
                    if let GenericArgument::Type(of) = argument {
                        inside(of, Behind::Address);
                    }
                }
            }
            found.extend(
                contract.plain.iter().find(|plain| plain.name == last.ident).map(|plain| (plain, behind)),
            );
        }
        _ => {}
    }
}
