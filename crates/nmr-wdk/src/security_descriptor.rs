//! Who may open the control device: the system and administrators, and nobody else.

/// `D:P(A;;FA;;;SY)(A;;FA;;;BA)` as a self-relative SECURITY_DESCRIPTOR: a protected DACL that gives all rights to
/// LocalSystem and to Administrators, and so none to anybody else.
pub(crate) const ADMINISTRATORS_ONLY: Aligned<[u8; 72]> = Aligned([
    1, 0, 0x04, 0x90, // revision; SE_SELF_RELATIVE, SE_DACL_PROTECTED, SE_DACL_PRESENT
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // no owner, group and SACL: they stay as they are
    20, 0, 0, 0, // where the DACL is
    2, 0, 52, 0, 2, 0, 0, 0, // ACL: revision, size, number of entries
    0, 0, 20, 0, 0xff, 0x01, 0x1f, 0, // ACCESS_ALLOWED_ACE, size, FILE_ALL_ACCESS
    1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, // S-1-5-18, LocalSystem
    0, 0, 24, 0, 0xff, 0x01, 0x1f, 0, // ACCESS_ALLOWED_ACE, size, FILE_ALL_ACCESS
    1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 0x02, 0, 0, // S-1-5-32-544, Administrators
]);

/// As the security routines want it.
#[repr(C, align(8))]
pub(crate) struct Aligned<T>(pub(crate) T);

#[cfg(test)]
mod tests {
    use super::ADMINISTRATORS_ONLY;

    fn half(bytes: &[u8], at: usize) -> usize {
        usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
    }

    /// A walk by sizes, as the system makes it: each entry says how long it is and to whom it gives what.
    #[test]
    fn only_the_system_and_administrators_get_in() {
        let descriptor = &ADMINISTRATORS_ONLY.0;
        assert_eq!(half(descriptor, 2), 0x8000 | 0x1000 | 0x0004);
        let list = &descriptor[half(descriptor, 16)..];
        assert_eq!((list[0], half(list, 2)), (2, list.len()));
        let mut rest = &list[8..];
        let mut allowed = Vec::new();
        for _ in 0..half(list, 4) {
            let (entry, after) = rest.split_at(half(rest, 2));
            assert_eq!((entry[0], entry[1]), (0, 0), "allows, and is not inherited");
            assert_eq!(entry[4..8], 0x001f_01ff_u32.to_le_bytes());
            let identifier = &entry[8..];
            let authorities = identifier[8..].chunks(4).map(|four| half(four, 0));
            assert_eq!(usize::from(identifier[1]) * 4 + 8, identifier.len());
            allowed.push((identifier[7], authorities.collect::<Vec<_>>()));
            rest = after;
        }
        assert!(rest.is_empty());
        assert_eq!(allowed, [(5, vec![18]), (5, vec![32, 544])]);
    }
}
