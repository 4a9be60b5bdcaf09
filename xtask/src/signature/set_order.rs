//! The two sets of a `SignedData` whose tags hide that they are sets: the certificates, and the attributes of each signer.

use crate::canonical::{self, Fault, children};

/// Checks the order of the certificates and of each signer's attributes in `der`, a `ContentInfo` that is canonical
/// otherwise. What is not where it is expected is left to the reader of the fields.
pub(super) fn check(der: &[u8]) -> Result<(), Fault> {
    let Some(signed_data) = children(der).nth(1).and_then(|wrapped| children(wrapped).next()) else {
        return Ok(());
    };
    for element in children(signed_data) {
        match element.first() {
            // [0], the certificates.
            Some(0xA0) => ascending(der, element)?,
            // SET, the signers; [0] and [1] in each are its attributes.
            Some(0x31) => {
                for field in
                    children(element).flat_map(children).filter(|field| matches!(field[0], 0xA0 | 0xA1))
                {
                    ascending(der, field)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn ascending(whole: &[u8], set: &[u8]) -> Result<(), Fault> {
    let contents = canonical::contents(set);
    let start = contents.as_ptr().addr() - whole.as_ptr().addr();
    canonical::check_ascending(contents)
        .map_err(|fault| Fault { offset: start + fault.offset, what: fault.what })
}
