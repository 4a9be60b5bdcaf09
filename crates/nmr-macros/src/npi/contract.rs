//! What an NPI contract says: its identity, and the functions of each side.

use nmr_abi::Guid;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, Ident, Item, ItemMod, ItemTrait, LitInt, LitStr, Pat, ReturnType, Token, TraitItem,
    TraitItemFn, Type, Visibility,
};

/// The arguments of the attribute.
pub(crate) struct Identity {
    pub(crate) id: LitStr,
    pub(crate) version: u16,
}

/// The annotated module.
pub(crate) struct Contract {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) items: Vec<Item>,
    /// The functions of the trait `Provider`, if there is one.
    pub(crate) provider: Option<Vec<Function>>,
    /// The functions of the trait `Client`, if there is one.
    pub(crate) client: Option<Vec<Function>>,
    /// The types of the fields of the struct `ProviderCharacteristics`, if there is one.
    pub(crate) provider_characteristics: Option<Vec<Type>>,
    /// Those of the struct `ClientCharacteristics`.
    pub(crate) client_characteristics: Option<Vec<Type>>,
}

/// One function of a dispatch table.
pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) arguments: Vec<(Ident, Type)>,
    pub(crate) output: Output,
    /// The signature's return type as written.
    pub(crate) returns: ReturnType,
}

/// How a function answers.
pub(crate) enum Output {
    /// By value; `()` for none.
    Value(Type),
    /// With a status, and an out parameter unless the type is `()`.
    Result(Type),
}

impl Parse for Identity {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (mut id, mut version) = (None::<LitStr>, None::<u16>);
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let twice = match word.to_string().as_str() {
                "id" => id.replace(input.parse::<LitStr>()?).is_some(),
                "version" => version.replace(input.parse::<LitInt>()?.base10_parse()?).is_some(),
                other => {
                    return Err(syn::Error::new(
                        word.span(),
                        format!("unknown argument `{other}`: there are `id` and `version`"),
                    ));
                }
            };
            if twice {
                return Err(syn::Error::new(
                    word.span(),
                    format!("`{word}` is given twice: keep one of them"),
                ));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what: &str| {
            let form = "#[npi(id = \"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\", version = 1)]";
            syn::Error::new(input.span(), format!("the NPI has no {what}: write {form}"))
        };
        let id = id.ok_or_else(|| missing("identifier"))?;
        Guid::parse(&id.value()).map_err(|invalid| syn::Error::new(id.span(), invalid))?;
        Ok(Self { id, version: version.ok_or_else(|| missing("version"))? })
    }
}

impl Contract {
    pub(crate) fn read(module: ItemMod) -> syn::Result<Self> {
        let ItemMod { attrs, vis, ident, content, .. } = module;
        let Some((_, mut items)) = content else {
            return Err(syn::Error::new(
                ident.span(),
                "the contract is written inside the module: `{ ... }`",
            ));
        };
        let side = |name: &str| {
            let found = items.iter().find_map(|item| match item {
                Item::Trait(side) if side.ident == name => Some(functions(side)),
                _ => None,
            });
            found.transpose()
        };
        let (provider, client) = (side("Provider")?, side("Client")?);
        if provider.is_none() && client.is_none() {
            return Err(syn::Error::new(
                ident.span(),
                "the contract has no functions: add `pub trait Provider { ... }` with what providers serve, or `pub \
                 trait Client { ... }` with what clients serve",
            ));
        }
        let provider_characteristics = characteristics(&mut items, "ProviderCharacteristics")?;
        let client_characteristics = characteristics(&mut items, "ClientCharacteristics")?;
        Ok(Self {
            attributes: attrs,
            visibility: vis,
            name: ident,
            items,
            provider,
            client,
            provider_characteristics,
            client_characteristics,
        })
    }
}

/// The types of the fields of the struct `name`, which becomes one in C's layout.
fn characteristics(items: &mut [Item], name: &str) -> syn::Result<Option<Vec<Type>>> {
    let found = items.iter_mut().find_map(|item| match item {
        Item::Struct(found) if found.ident == name => Some(found),
        _ => None,
    });
    let Some(found) = found else { return Ok(None) };
    if let Some(parameter) = found.generics.params.first() {
        return Err(syn::Error::new(parameter.span(), "characteristics have no generic parameters"));
    }
    if let Some(repr) = found.attrs.iter().find(|attribute| attribute.path().is_ident("repr")) {
        return Err(syn::Error::new(
            repr.span(),
            "characteristics are in C's layout already: remove the `repr`",
        ));
    }
    found.attrs.push(syn::parse_quote!(#[repr(C)]));
    Ok(Some(found.fields.iter().map(|field| field.ty.clone()).collect()))
}

fn functions(side: &ItemTrait) -> syn::Result<Vec<Function>> {
    if let Some(parameter) = side.generics.params.first() {
        return Err(syn::Error::new(parameter.span(), "a dispatch table has no generic parameters"));
    }
    side.items.iter().map(function).collect()
}

fn function(item: &TraitItem) -> syn::Result<Function> {
    let TraitItem::Fn(TraitItemFn { sig, default, .. }) = item else {
        return Err(syn::Error::new(item.span(), "a dispatch table has functions only"));
    };
    if let Some(body) = default {
        return Err(syn::Error::new(
            body.span(),
            "each side implements its functions itself: remove the body",
        ));
    }
    if let Some(parameter) = sig.generics.params.first() {
        return Err(syn::Error::new(parameter.span(), "a function of a dispatch table cannot be generic"));
    }
    if let Some(asyncness) = &sig.asyncness {
        return Err(syn::Error::new(asyncness.span(), "a function of a dispatch table cannot be async"));
    }
    if sig.ident == "header" {
        let message = "`header` is what every dispatch table begins with: choose another name";
        return Err(syn::Error::new(sig.ident.span(), message));
    }
    let mut inputs = sig.inputs.iter();
    match inputs.next() {
        // With a lifetime of its own choice a function could keep its binding context beyond cleanup.
        Some(FnArg::Receiver(this)) if this.lifetime().is_some() => {
            return Err(syn::Error::new(
                this.span(),
                "the first argument is `&self` without a lifetime: the binding context is gone after cleanup",
            ));
        }
        Some(FnArg::Receiver(this)) if this.reference.is_some() && this.mutability.is_none() => {}
        _ => {
            return Err(syn::Error::new(
                sig.ident.span(),
                "the first argument is `&self`: calls arrive on several threads at once",
            ));
        }
    }
    Ok(Function {
        name: sig.ident.clone(),
        arguments: inputs.map(argument).collect::<syn::Result<_>>()?,
        output: output(&sig.output),
        returns: sig.output.clone(),
    })
}

fn argument(input: &FnArg) -> syn::Result<(Ident, Type)> {
    if let FnArg::Typed(typed) = input
        && let Pat::Ident(pattern) = &*typed.pat
        && pattern.subpat.is_none()
    {
        if let Type::Reference(reference) = &*typed.ty {
            return Err(syn::Error::new(
                reference.span(),
                "a reference cannot cross an NPI: pass the value, and return results as `nmr::Result<T>`",
            ));
        }
        return Ok((pattern.ident.clone(), (*typed.ty).clone()));
    }
    Err(syn::Error::new(input.span(), "write the argument as `name: Type`"))
}

fn output(returns: &ReturnType) -> Output {
    let ReturnType::Type(_, returned) = returns else {
        return Output::Value(syn::parse_quote!(()));
    };
    if let Type::Path(path) = &**returned
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
        && let [syn::GenericArgument::Type(value)] = arguments.args.iter().collect::<Vec<_>>()[..]
    {
        return Output::Result(value.clone());
    }
    Output::Value((**returned).clone())
}
