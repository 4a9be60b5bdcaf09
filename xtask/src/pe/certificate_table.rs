//! The certificate table at the end of an image, which holds the embedded signature.

use super::{Image, PeFault, fault, u16_at, u32_at};

/// wRevision and wCertificateType of the only kind in use: revision 2, PKCS #7 signed data.
const KIND: [u8; 4] = [0x00, 0x02, 0x02, 0x00];

impl<'a> Image<'a> {
    /// The embedded signature in DER, if there is one. There must not be more than one, and nothing beside it.
    pub(crate) fn signature(&self) -> Result<Option<&'a [u8]>, PeFault> {
        let table = &self.bytes[self.table_at..];
        if table.is_empty() {
            return Ok(None);
        }
        let field = "certificate table";
        let length = u32_at(table, 0).ok_or_else(|| fault(field, "it is cut off"))?;
        if length as usize != table.len() {
            return Err(fault(
                field,
                format!("its entry says {length} bytes, the table has {}", table.len()),
            ));
        }
        if table.get(4..8) != Some(&KIND[..]) {
            let (revision, kind) = (u16_at(table, 4).unwrap_or(0), u16_at(table, 6).unwrap_or(0));
            return Err(fault(field, format!("revision {revision:#x}, type {kind} is not signed data")));
        }
        let padded = &table[8..];
        let der_length = element_length(padded).filter(|length| *length <= padded.len());
        let Some(der_length) = der_length else {
            return Err(fault(field, "the signature is cut off"));
        };
        let (der, padding) = padded.split_at(der_length);
        if padding.len() >= 8 || padding.iter().any(|byte| *byte != 0) {
            return Err(fault(field, "something else follows the signature"));
        }
        Ok(Some(der))
    }
}

/// The length of the DER element that `bytes` start with, as its header states it.
fn element_length(bytes: &[u8]) -> Option<usize> {
    let first = *bytes.get(1)?;
    if first < 0x80 {
        return Some(2 + usize::from(first));
    }
    let digits =
        bytes.get(2..2 + usize::from(first & 0x7F)).filter(|digits| (1..=4).contains(&digits.len()))?;
    let length = digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit));
    length.checked_add(2 + digits.len())
}

/// The signed form of `image`, which must not be signed yet: padded to 8 bytes, the signature `der` appended, directory
/// entry and checksum written.
pub(crate) fn attach_signature(image: &[u8], der: &[u8]) -> Result<Vec<u8>, PeFault> {
    let parsed = Image::parse(image)?;
    if parsed.signature()?.is_some() {
        return Err(fault("certificate table", "the image is signed already"));
    }
    let too_large = |_| fault("certificate table", "the file is too large");
    let table_at = image.len().next_multiple_of(8);
    let table_size = (8 + der.len()).next_multiple_of(8);
    let table_at_field = u32::try_from(table_at).map_err(too_large)?.to_le_bytes();
    let table_size_field = u32::try_from(table_size).map_err(too_large)?.to_le_bytes();
    let mut bytes = Vec::with_capacity(table_at + table_size);
    bytes.extend_from_slice(image);
    bytes.resize(table_at, 0);
    bytes.extend_from_slice(&table_size_field);
    bytes.extend_from_slice(&KIND);
    bytes.extend_from_slice(der);
    bytes.resize(table_at + table_size, 0);
    let entry = &mut bytes[parsed.security_at..parsed.security_at + 8];
    entry[..4].copy_from_slice(&table_at_field);
    entry[4..].copy_from_slice(&table_size_field);
    let checksum = Image::parse(&bytes)?.checksum();
    bytes[parsed.checksum_at..parsed.checksum_at + 4].copy_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::samples::image;
    use super::*;
    use crate::digest::Algorithm;

    const DER: [u8; 5] = [0x30, 3, 0x02, 1, 7];

    #[test]
    fn an_attached_signature_comes_back_and_leaves_the_digest_alone() {
        let unsigned = image(0x8664, b"odd");
        let signed = attach_signature(&unsigned, &DER).unwrap();
        let parsed = Image::parse(&signed).unwrap();
        assert_eq!(parsed.signature().unwrap(), Some(&DER[..]));
        assert_eq!(
            parsed.digest(Algorithm::Sha256),
            Image::parse(&unsigned).unwrap().digest(Algorithm::Sha256)
        );
        assert_eq!(parsed.stored_checksum(), parsed.checksum());
        assert_eq!(signed.len() % 8, 0);
    }

    #[test]
    fn a_signed_image_is_not_signed_again() {
        let signed = attach_signature(&image(0x8664, b""), &DER).unwrap();
        assert!(attach_signature(&signed, &DER).unwrap_err().what.contains("signed already"));
    }

    #[test]
    fn every_change_to_the_table_is_seen() {
        let signed = attach_signature(&image(0x8664, b""), &DER).unwrap();
        for at in signed.len() - 16..signed.len() {
            let mut bytes = signed.clone();
            bytes[at] ^= 0x10;
            let found = Image::parse(&bytes).unwrap().signature().ok().flatten() != Some(&DER[..]);
            assert!(found, "byte {at:#x}");
        }
    }
}
