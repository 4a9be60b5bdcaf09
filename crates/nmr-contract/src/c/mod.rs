//! A contract crate as a C header, for modules that are written in C or C++.

mod declarator;
mod documentation;
mod order;
mod structures;
mod tables;

pub use documentation::lines as documentation_of;

use crate::{Contract, Reading};
use nmr_abi::Guid;
use std::fmt::Write as _;

/// A contract of a crate, by the name of its module.
pub struct Named<'a> {
    /// The module.
    pub module: &'a Reading,
    /// What it says.
    pub contract: &'a Contract,
}

/// What stands at the top of a header.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The crate: `echo-npi`.
    pub package: &'a str,
    /// Its documentation.
    pub documentation: &'a [String],
    /// What makes the identifiers private, if they are to be (`NMR_PRIVATE_NPI`).
    pub suffix: Option<&'a str>,
}

/// The header of the contracts of a crate.
///
/// # Errors
/// Something that C cannot say, and where it is.
pub fn header(about: &About<'_>, contracts: &[Named<'_>]) -> syn::Result<String> {
    let guard = format!("{}_H", upper(about.package));
    let package = about.package;
    let mut text = String::new();
    let mut says = vec![format!("The contracts of {package}, for modules in C11 or C++17."), String::new()];
    says.extend(about.documentation.iter().cloned());
    says.extend([
        String::new(),
        format!(
            "Made by `cargo xtask header {package}` from the Rust contracts: change those, not this file."
        ),
        "Include <ntddk.h> or <wdm.h> first in a kernel driver.".to_owned(),
    ]);
    documentation::block(&mut text, "", &says);
    text.push_str(&format!("#ifndef {guard}\n#define {guard}\n\n"));
    text.push_str("#include <stddef.h>\n#include <stdint.h>\n#include <netioddk.h>\n\n");
    text.push_str("#ifndef NPI_LAYOUT\n#if !defined(_WIN64) && !defined(__LP64__)\n");
    text.push_str("#define NPI_LAYOUT(what) struct npi_layout_is_of_64_bits\n#elif defined(__cplusplus)\n");
    text.push_str("#define NPI_LAYOUT(what) static_assert(what, #what)\n#elif defined(C_ASSERT)\n");
    text.push_str("#define NPI_LAYOUT(what) C_ASSERT(what)\n#else\n");
    text.push_str("#define NPI_LAYOUT(what) _Static_assert(what, #what)\n#endif\n#endif\n\n");
    text.push_str("#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    for named in contracts {
        one(&mut text, about, named)?;
    }
    text.push_str("#ifdef __cplusplus\n}\n#endif\n\n");
    text.push_str(&format!("#endif /* {guard} */\n"));
    Ok(text)
}

fn one(text: &mut String, about: &About<'_>, named: &Named<'_>) -> syn::Result<()> {
    let Named { module, contract } = named;
    let prefix = prefix(contract);
    let mut says = documentation::lines(&module.module.attrs);
    if says.is_empty() {
        says.push(format!("The contract {}.", contract.name));
    }
    let guid = Guid::parse(&contract.identity.id.value())
        .map_err(|invalid| syn::Error::new(contract.identity.id.span(), invalid))?;
    let (guid, private) = match about.suffix.filter(|suffix| !suffix.is_empty()) {
        Some(suffix) => {
            (guid.with_suffix(suffix), format!(", private to builds with NMR_PRIVATE_NPI={suffix}"))
        }
        None => (guid, String::new()),
    };
    says.extend([String::new(), format!("NPI {{{guid}}}{private}.")]);
    documentation::block(text, "", &says);
    let data4: Vec<String> = guid.data4.iter().map(|byte| format!("0x{byte:02x}")).collect();
    let _ = writeln!(
        text,
        "static const GUID {prefix}_NPI_ID = {{ 0x{:08x}, 0x{:04x}, 0x{:04x}, {{ {} }} }};\n",
        guid.data1,
        guid.data2,
        guid.data3,
        data4.join(", ")
    );
    let (version, oldest) = (contract.identity.version, contract.identity.oldest);
    let _ = writeln!(text, "/** The newest version of the contract, and the oldest that is spoken. */");
    let _ = writeln!(
        text,
        "#define {prefix}_NPI_VERSION {version}\n#define {prefix}_NPI_OLDEST_VERSION {oldest}\n"
    );
    structures::plain(text, module, contract)?;
    for (side, shown) in
        [("Provider", &contract.provider_characteristics), ("Client", &contract.client_characteristics)]
    {
        if let Some(shown) = shown {
            structures::characteristics(text, side, shown, contract)?;
        }
    }
    for (side, table) in [("Provider", &contract.provider), ("Client", &contract.client)] {
        if let Some(table) = table {
            tables::table(text, side, table, contract)?;
        }
    }
    Ok(())
}

/// What the names of a contract begin with in C.
pub fn prefix(contract: &Contract) -> String {
    upper(&contract.name.to_string())
}

/// What C calls a struct of the contract.
pub(crate) fn struct_name(contract: &Contract, name: &str) -> String {
    format!("{}_{}", prefix(contract), upper(name))
}

/// `AttachType`, `attach_type` and `attach-type` as C writes them: `ATTACH_TYPE`.
fn upper(name: &str) -> String {
    let mut upper = String::new();
    let mut before_is_lower = false;
    for letter in name.trim_start_matches("r#").chars() {
        if letter.is_uppercase() && before_is_lower {
            upper.push('_');
        }
        before_is_lower = letter.is_lowercase() || letter.is_ascii_digit();
        match letter {
            '-' => upper.push('_'),
            letter => upper.extend(letter.to_uppercase()),
        }
    }
    upper
}

#[cfg(test)]
mod tests {
    use super::upper;

    #[test]
    fn names_are_those_of_c() {
        let upper = ["AttachType", "echo-npi", "v2_adder", "ClientCharacteristics", "Ipv4Address"].map(upper);
        assert_eq!(upper, ["ATTACH_TYPE", "ECHO_NPI", "V2_ADDER", "CLIENT_CHARACTERISTICS", "IPV4_ADDRESS"]);
    }
}
