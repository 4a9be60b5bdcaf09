//! What an image registers with NMR, read from the image itself: from the table that it exports for debuggers
//! (`nmr::snapshot::table`), which is made of the very storage that its code registers.

use nmr_abi::Guid;
use nmr_abi::attachments::ModuleSide;
use nmrctl::manifest::{Registration, Role};

use crate::pe::{Image, PeFault};

const EXPORT: &str = "NmrSnapshot";
const MAGIC: &[u8] = b"NmrTable";
const VERSION: u32 = 1;
/// Where the registrations begin.
const FIRST: usize = 0x30;
/// What is read of each; newer images may say more.
const LEAST: usize = 0x24;
/// More than 64 registrations of 1024 instances are in no driver.
const MOST: u32 = 64 * 1024;
const LONGEST_NAME: u64 = 256;

/// The registrations of `image`, in the order in which they are made, instances of one counted; none if it is not made by
/// `driver!`.
pub(crate) fn of_image(image: &Image<'_>) -> Result<Vec<Registration>, PeFault> {
    let Some(address) = image.exported(EXPORT)? else {
        return Ok(Vec::new());
    };
    let table = image.at_relative_address(address).ok_or_else(|| broken("it is not inside a section"))?;
    if table.get(..8) != Some(MAGIC) || u32_at(table, 8)? != VERSION {
        return Err(broken("it is of a kind that this xtask does not know"));
    }
    let (count, stride) = (u32_at(table, 0x10)?, u32_at(table, 0x14)? as usize);
    if count > MOST || stride < LEAST {
        return Err(broken("no driver has as many registrations, or as short ones"));
    }
    let mut registrations: Vec<Registration> = Vec::new();
    for index in 0..count as usize {
        let entry = table.get(FIRST + index * stride..).and_then(|rest| rest.get(..stride));
        let registration = one(image, entry.ok_or_else(|| broken("it ends inside a registration"))?)?;
        match registrations.last_mut() {
            Some(last)
                if (&last.name, last.role, &last.npi)
                    == (&registration.name, registration.role, &registration.npi) =>
            {
                last.instances += 1;
            }
            _ => registrations.push(registration),
        }
    }
    Ok(registrations)
}

fn one(image: &Image<'_>, entry: &[u8]) -> Result<Registration, PeFault> {
    let length = u64_at(entry, 8)?;
    let name = image
        .at_absolute_address(u64_at(entry, 0)?)
        .filter(|_| length <= LONGEST_NAME)
        .and_then(|bytes| bytes.get(..length as usize))
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or_else(|| broken("the name of a registration is not inside a section"))?;
    let role = match ModuleSide(u32_at(entry, 0x20)?) {
        ModuleSide::CLIENT => Role::Client,
        ModuleSide::PROVIDER => Role::Provider,
        _ => return Err(broken("a registration is neither client nor provider")),
    };
    let guid = entry.get(0x10..0x20).ok_or_else(|| broken("it ends inside a registration"))?;
    Ok(Registration { name: name.to_owned(), role, npi: guid_of(guid)?.to_string(), instances: 1 })
}

/// The GUID whose bytes, as they lie in memory, are `bytes`.
fn guid_of(bytes: &[u8]) -> Result<Guid, PeFault> {
    let (first, second) = (u32_at(bytes, 0)?, u32_at(bytes, 4)?);
    let last =
        bytes.get(8..16).and_then(<[u8]>::first_chunk).ok_or_else(|| broken("it ends inside a GUID"))?;
    Ok(Guid { data1: first, data2: second as u16, data3: (second >> 16) as u16, data4: *last })
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, PeFault> {
    let raw = bytes.get(at..).and_then(<[u8]>::first_chunk);
    raw.map(|raw| u32::from_le_bytes(*raw)).ok_or_else(|| broken("it ends inside its header"))
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, PeFault> {
    Ok(u64::from(u32_at(bytes, at)?) | u64::from(u32_at(bytes, at + 4)?) << 32)
}

fn broken(what: &str) -> PeFault {
    PeFault { field: EXPORT, what: what.to_owned() }
}

#[cfg(test)]
pub(crate) mod samples {
    //! An image with a table, made by hand.

    use crate::pe::samples::{SectionSample, image_with_sections};

    /// Where the image wants to be in memory.
    const BASE: u64 = 0x1_4000_0000;
    /// Where its section is there.
    const SECTION: u32 = 0x1000;
    const NAMES: usize = 0x80;
    const TABLE: usize = 0x100;

    /// A PE32+ image that has `registrations`: name, side, identifier as it lies in memory.
    pub(crate) fn registering(registrations: &[(&str, u32, [u8; 16])]) -> Vec<u8> {
        let mut content = vec![0; TABLE];
        let address = |at: usize| SECTION + at as u32;
        put(&mut content, 24, &1_u32.to_le_bytes());
        for (field, at) in [(28, 0x30), (32, 0x34), (36, 0x38)] {
            put(&mut content, field, &address(at).to_le_bytes());
        }
        put(&mut content, 0x30, &address(TABLE).to_le_bytes());
        put(&mut content, 0x34, &address(0x40).to_le_bytes());
        put(&mut content, 0x40, b"NmrSnapshot\0");
        content.extend(b"NmrTable");
        for field in [1, 0, registrations.len() as u32, 0x60] {
            content.extend(field.to_le_bytes());
        }
        content.extend([0; 0x18]);
        let mut name_at = NAMES;
        for (name, side, npi) in registrations {
            put(&mut content, name_at, name.as_bytes());
            let name_address = BASE + u64::from(address(name_at));
            name_at += name.len();
            content.extend(name_address.to_le_bytes());
            content.extend((name.len() as u64).to_le_bytes());
            content.extend(npi);
            content.extend(side.to_le_bytes());
            content.extend([0; 0x60 - 0x24]);
        }
        let mut bytes = image_with_sections(&[SectionSample { name: ".rdata", flags: 0, content: &content }]);
        put(&mut bytes, 0x58 + 24, &BASE.to_le_bytes());
        put(&mut bytes, 0x58 + 112, &[SECTION.to_le_bytes(), 0x40_u32.to_le_bytes()].concat());
        bytes
    }

    fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
        bytes[at..at + value.len()].copy_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::samples::registering;
    use super::*;

    const NPI: [u8; 16] = [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 8, 9, 10, 11, 12, 13, 14, 15];

    fn read(bytes: &[u8]) -> Result<Vec<Registration>, String> {
        of_image(&Image::parse(bytes).unwrap()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn name_role_and_identifier_are_read_and_instances_counted() {
        let registration = |name: &str, role, instances| Registration {
            name: name.to_owned(),
            role,
            npi: "00112233-4455-6677-0809-0a0b0c0d0e0f".to_owned(),
            instances,
        };
        let image = registering(&[("hook", 2, NPI), ("hook", 2, NPI), ("echo", 1, NPI), ("relay", 2, NPI)]);
        let expected = [
            registration("hook", Role::Provider, 2),
            registration("echo", Role::Client, 1),
            registration("relay", Role::Provider, 1),
        ];
        assert_eq!(read(&image).unwrap(), expected);
        assert_eq!(read(&crate::pe::samples::image(0x8664, b"")), Ok(Vec::new()), "no driver of ours");
    }

    #[test]
    fn a_table_that_makes_no_sense_is_refused_by_what_is_wrong() {
        let refused = |at: usize, value: u32| {
            let mut image = registering(&[("echo", 1, NPI)]);
            // The content of the section is at 0x200 in the file.
            image[0x200 + at..0x200 + at + 4].copy_from_slice(&value.to_le_bytes());
            read(&image).unwrap_err()
        };
        assert!(refused(0x100, 0).contains("NmrSnapshot: it is of a kind"));
        assert!(refused(0x108, 2).contains("of a kind"));
        assert!(refused(0x110, u32::MAX).contains("as many registrations"));
        assert!(refused(0x110, 2).contains("it ends inside a registration"));
        assert!(refused(0x130, 7).contains("name of a registration is not inside"));
        assert!(refused(0x138, 1000).contains("name of a registration is not inside"));
        assert!(refused(0x150, 3).contains("neither client nor provider"));
        assert!(refused(0x30, 0x7000).contains("not inside a section"));
        assert!(refused(24, u32::MAX).contains("export table: it has"));
        assert!(refused(32, 0x7000).contains("export table: it points outside"));
    }
}
