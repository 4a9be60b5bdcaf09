//! Where a pool block lies in its pages: as close to their end as its alignment allows, so that the first byte behind it
//! is in the next page or, for at most fifteen bytes, watched.

/// The size of a page.
pub(crate) const PAGE: usize = 4096;
/// What the pool aligns small blocks to.
const ALIGNMENT: usize = 16;

/// How many pages `size` bytes take; an empty block takes one too.
pub(crate) const fn pages(size: usize) -> usize {
    if size == 0 { 1 } else { size.div_ceil(PAGE) }
}

/// Where a block of `size` bytes begins in its pages. Blocks of a page or more begin with a page, as the kernel's do.
pub(crate) const fn offset(size: usize) -> usize {
    if size >= PAGE { 0 } else { (PAGE - size) / ALIGNMENT * ALIGNMENT }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_block_ends_with_its_page() {
        for size in [16, 32, 4080] {
            assert_eq!(offset(size) + size, PAGE);
        }
        for size in 1..PAGE {
            let slack = PAGE - offset(size) - size;
            assert!(
                slack < ALIGNMENT && offset(size).is_multiple_of(ALIGNMENT) && pages(size) == 1,
                "{size}"
            );
        }
        assert_eq!((pages(0), offset(0)), (1, PAGE));
    }

    #[test]
    fn a_large_block_begins_with_a_page() {
        assert_eq!((offset(PAGE), pages(PAGE)), (0, 1));
        assert_eq!((offset(PAGE + 1), pages(PAGE + 1)), (0, 2));
    }
}
