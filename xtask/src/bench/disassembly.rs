//! Reads what `objdump -d` writes, for the instructions that lock a cache line: those with the prefix, and an exchange
//! with memory, which needs none.

use std::collections::BTreeSet;

/// The addresses of all locked instructions.
pub(super) fn locked(text: &str) -> BTreeSet<u64> {
    text.lines().filter_map(instruction).filter(|(_, text)| is_locked(text)).map(|(at, _)| at).collect()
}

/// An address and the instruction there.
fn instruction(line: &str) -> Option<(u64, &str)> {
    let (address, text) = line.strip_prefix(' ')?.split_once(":\t")?;
    Some((u64::from_str_radix(address.trim(), 16).ok()?, text))
}

fn is_locked(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    first == "lock" || (first.starts_with("xchg") && text.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
0000000000002000 <program::hot>:
    2000:\tlock xadd %rax,(%rdi)
    2005:\txchg   %ax,%ax
    2007:\txchg   %rax,0x8(%rdi)
    200b:\tmov    %rax,(%rdi)
    200e:\tlock decq (%r14)
    2012:\tcall   3000 <lock_it(int)>
";

    #[test]
    fn prefixes_and_exchanges_with_memory_lock() {
        assert_eq!(locked(TEXT), BTreeSet::from([0x2000, 0x2007, 0x200e]));
    }
}
