//! The version resource of an image: what the properties of the file show, and what tools ask for. It is a resource file
//! (RES) that the linker takes as it is.

use super::packages::DriverPackage;

/// RT_VERSION.
const VERSION: u16 = 16;
/// U.S. English.
const LANGUAGE: u16 = 0x0409;
/// Unicode.
const CODE_PAGE: u16 = 1200;
/// The product that the drivers are part of.
const PRODUCT: &str = "nmr-drivers";

/// The version resource of `driver`, in a file of its own.
pub(super) fn version(driver: &DriverPackage) -> Vec<u8> {
    let DriverPackage { name, version, description, .. } = driver;
    let description = if description.is_empty() { name } else { description };
    let number = numbers(version);
    let dotted = number.map(|part| part.to_string()).join(".");
    let strings = [
        ("CompanyName", PRODUCT),
        ("FileDescription", description),
        ("FileVersion", &dotted),
        ("InternalName", name),
        ("OriginalFilename", &format!("{name}.sys")),
        ("ProductName", PRODUCT),
        ("ProductVersion", version),
    ];
    file(&information(number, &strings))
}

/// `major.minor.patch` and a zero; what follows a `-` or `+` has no number.
fn numbers(version: &str) -> [u16; 4] {
    let core = version.split(['-', '+']).next().unwrap_or_default();
    let mut parts = core.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 4].map(|()| parts.next().unwrap_or(0))
}

/// A resource file: an empty entry, by which it is known, and `data` as the version.
fn file(data: &[u8]) -> Vec<u8> {
    let mut bytes = entry_header(0, 0, 0);
    bytes.extend(entry_header(data.len() as u32, VERSION, LANGUAGE));
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// RESOURCEHEADER. Type and name are numbers; the version is number 1.
fn entry_header(size: u32, kind: u16, language: u16) -> Vec<u8> {
    let name = u16::from(kind != 0);
    let mut header = Vec::with_capacity(32);
    for word in [size, 32, u32::from(kind) << 16 | 0xFFFF, u32::from(name) << 16 | 0xFFFF, 0] {
        header.extend_from_slice(&word.to_le_bytes());
    }
    // MOVEABLE and PURE, as resource compilers write them for versions.
    let flags: u16 = if kind == 0 { 0 } else { 0x30 };
    header.extend_from_slice(&flags.to_le_bytes());
    header.extend_from_slice(&language.to_le_bytes());
    header.resize(32, 0);
    header
}

/// VS_VERSIONINFO.
fn information([major, minor, patch, build]: [u16; 4], strings: &[(&str, &str)]) -> Vec<u8> {
    let high = u32::from(major) << 16 | u32::from(minor);
    let low = u32::from(patch) << 16 | u32::from(build);
    // Signature, structure version, file and product version, flags, Windows NT, driver, system driver, date.
    let fixed = [0xFEEF_04BD, 0x0001_0000, high, low, high, low, 0x3F, 0, 0x0004_0004, 3, 7, 0, 0];
    let fixed: Vec<u8> = fixed.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    let strings: Vec<Vec<u8>> = strings
        .iter()
        .map(|(name, value)| {
            let units: Vec<u16> = value.encode_utf16().chain([0]).collect();
            let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            node(name, &bytes, units.len(), true, &[])
        })
        .collect();
    let table = node(&format!("{LANGUAGE:04X}{CODE_PAGE:04X}"), &[], 0, true, &strings);
    let translation = [LANGUAGE.to_le_bytes(), CODE_PAGE.to_le_bytes()].concat();
    let translation = node("Translation", &translation, 4, false, &[]);
    let children =
        [node("StringFileInfo", &[], 0, true, &[table]), node("VarFileInfo", &[], 0, true, &[translation])];
    node("VS_VERSION_INFO", &fixed, fixed.len(), false, &children)
}

/// Length, length of the value (in units of its kind), kind, key, value, children; each begins at a multiple of 4.
fn node(key: &str, value: &[u8], value_length: usize, text: bool, children: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend_from_slice(&(value_length as u16).to_le_bytes());
    bytes.extend_from_slice(&u16::from(text).to_le_bytes());
    bytes.extend(key.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
    for part in
        std::iter::once(value).chain(children.iter().map(Vec::as_slice)).filter(|part| !part.is_empty())
    {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend_from_slice(part);
    }
    let length = (bytes.len() as u16).to_le_bytes();
    bytes[..2].copy_from_slice(&length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(version: &str) -> Vec<u8> {
        super::version(&DriverPackage {
            name: "echo".into(),
            version: version.into(),
            description: "Echoes.".into(),
            folder: "/w/drivers/echo".into(),
            shipped: true,
        })
    }

    fn contains(bytes: &[u8], text: &str) -> bool {
        let wanted: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.windows(wanted.len()).any(|window| window == wanted)
    }

    #[test]
    fn a_resource_file_begins_with_its_mark_and_one_version() {
        let bytes = sample("1.2.3");
        let mark = [0, 0, 0, 0, 32, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0];
        assert_eq!(bytes[..16], mark);
        assert_eq!(bytes[40..48], [0xFF, 0xFF, 16, 0, 0xFF, 0xFF, 1, 0]);
        let size = u32::from_le_bytes(bytes[32..36].try_into().unwrap()) as usize;
        assert_eq!(bytes.len(), (64 + size).next_multiple_of(4));
        // The outermost node says the same length.
        assert_eq!(usize::from(u16::from_le_bytes(bytes[64..66].try_into().unwrap())), size);
    }

    #[test]
    fn the_version_is_there_as_numbers_and_as_text() {
        let bytes = sample("1.2.3-beta.1");
        let numbers = [2, 0, 1, 0, 0, 0, 3, 0];
        assert!(bytes.windows(8).any(|window| window == numbers));
        for text in ["1.2.3.0", "1.2.3-beta.1", "Echoes.", "echo.sys", "040904B0"] {
            assert!(contains(&bytes, text), "{text}");
        }
    }
}
