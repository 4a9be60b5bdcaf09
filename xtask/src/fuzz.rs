//! The readers of input that may be hostile, one function each. The programs in `xtask/fuzz` hand them to a fuzzer, and
//! the tests here run each for a moment: no bytes may make one panic, take for ever, or fail what it asserts.
//!
//! `NMR_FUZZ_SEEDS=1 cargo test -p xtask fuzz` writes sound files into `xtask/fuzz/corpus` to start from, and
//! `cargo +nightly fuzz run image` in `xtask` looks for such bytes until it is stopped (`cargo install cargo-fuzz`).

use std::time::SystemTime;

use nmrctl::manifest::MANIFEST_FILE;

use crate::bundle::Bundle;
use crate::catalog::{Parameters, System, lists};
use crate::inf::{Inf, lint, print};
use crate::pe::Image;
use crate::registrations;
use crate::signature::general::{self, Form};
use crate::signature::timestamp;
use crate::verify::{self, Expected};

/// Reads `bytes` as an INF file, prints it, holds it against the rules, and plans the catalogs of its package.
///
/// # Panics
/// When what was printed does not say what was read.
pub fn inf(bytes: &[u8]) {
    let Ok(inf) = Inf::parse("fuzz.inf", bytes) else { return };
    let printed = print::text(&inf);
    let again = Inf::parse("fuzz.inf", printed.as_bytes()).ok();
    assert!(again.is_some_and(|again| print::says_the_same(&again, &inf)), "printed as {printed:?}");
    drop(lint::check(&inf));
    drop(lint::is_there(&inf, |path| path.len() % 2 == 0));
    let systems = System::list("7_X86,10_X64,10_RS3_ARM64,6_3_ARM").unwrap_or_default();
    let parameters = Parameters { systems, versions: None, identifier: None, time: 0 };
    let file = |path: &str| path.len().is_multiple_of(2).then(|| path.as_bytes().to_vec().into());
    drop(lists(&[inf], &parameters, file));
}

/// Reads `bytes` as an image: headers, sections, imports, symbols, registrations, signature, digests.
pub fn image(bytes: &[u8]) {
    let Ok(image) = Image::parse(bytes) else { return };
    drop((image.sections(), image.imports(), image.debug_record(), image.checksum()));
    drop(registrations::of_image(&image));
    if let Ok(Some(der)) = image.signature() {
        catalog(der);
    }
}

/// Reads `bytes` as a signed catalog, or as any signature: its form, its arithmetic, its timestamp, what it lists.
pub fn catalog(bytes: &[u8]) {
    drop(general::examine(bytes, Form::Signature));
    drop(general::timestamp_in(bytes));
    if let Ok((_, list)) = general::content(bytes, Form::Signature) {
        drop(crate::catalog::read(&list));
    }
}

/// What timestamps are taken to be of, and the number that was asked with.
const STAMPED: (&[u8], u64) = (b"a signature", 7);

/// Reads `bytes` as the answer of a timestamp authority, and as the token in one.
///
/// # Panics
/// When a token that was taken from an answer is not to be believed.
pub fn timestamp(bytes: &[u8]) {
    let (signature, nonce) = STAMPED;
    if let Ok(token) = timestamp::token_in(bytes, signature, nonce) {
        timestamp::check(&token, signature).expect("it was checked");
    }
    drop(timestamp::check(bytes, signature));
    drop(general::content(bytes, Form::Token));
    drop(general::examine(bytes, Form::Token));
}

/// Reads `bytes` as a symbol file.
pub fn symbols(bytes: &[u8]) {
    drop(crate::symbols::id(bytes));
}

/// Reads `bytes` as the manifest of a bundle of which nothing else is there, and examines that bundle.
pub fn manifest(bytes: &[u8]) {
    let files = [(MANIFEST_FILE.to_owned(), bytes.to_vec())].into();
    drop(verify::examine(&Bundle { files }, &[], Expected::Signed, SystemTime::UNIX_EPOCH));
}

#[cfg(test)]
mod seeds;

#[cfg(test)]
mod tests {
    use super::seeds::seeds;

    type Reader = fn(&[u8]);

    /// The same numbers every time.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % sides.max(1) as u64).unwrap_or_default()
        }

        /// `bytes` with a few pieces removed, doubled, moved or replaced.
        fn mutate(&mut self, bytes: &[u8], words: &[&[u8]]) -> Vec<u8> {
            let mut bytes = bytes.to_vec();
            for _ in 0..=self.roll(6) {
                let at = self.roll(bytes.len());
                let end = bytes.len().min(at + self.roll(40));
                let piece = bytes[at..end].to_vec();
                let to = self.roll(bytes.len());
                match self.roll(5) {
                    0 => drop(bytes.drain(at..end)),
                    1 => drop(bytes.splice(to..to, piece)),
                    2 => drop(bytes.splice(at..end, words[self.roll(words.len())].iter().copied())),
                    3 => bytes.truncate(bytes.len() - self.roll(20).min(bytes.len())),
                    _ if bytes.is_empty() => {}
                    _ => bytes[at] = u8::try_from(self.roll(256)).unwrap_or_default(),
                }
            }
            bytes
        }
    }

    #[test]
    fn no_mutation_of_a_sound_inf_is_too_much() {
        let words: [&[u8]; 16] = [
            b"[",
            b"]",
            b"%",
            b"\"",
            b"\\\r\n",
            b";",
            b",",
            b"=",
            b"@",
            b"\r\n",
            b"[Version]",
            b"NTamd64",
            b"\xFF\xFE",
            b"CopyFiles",
            b"Needs",
            b".Services",
        ];
        let mut dice = Dice(0x2545_F491_4F6C_DD1D);
        let infs = seeds("inf");
        for round in 0..1500 {
            super::inf(&dice.mutate(&infs[round % infs.len()].content, &words));
        }
    }

    #[test]
    fn no_mutation_of_any_other_sound_file_is_too_much() {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        let words: [&[u8]; 6] =
            [b"\xFF\xFF\xFF\xFF", b"\0\0\0\0", b"\x30\x80", b"\x84\x7F\xFF\xFF\xFF", b"[]", b"\":\"../"];
        let readers: [(&str, Reader); 5] = [
            ("image", super::image),
            ("catalog", super::catalog),
            ("timestamp", super::timestamp),
            ("symbols", super::symbols),
            ("manifest", super::manifest),
        ];
        for (target, read) in readers {
            let sound = seeds(target);
            for round in 0..500 {
                read(&dice.mutate(&sound[round % sound.len()].content, &words));
            }
        }
    }

    #[test]
    fn what_could_take_for_ever_does_not() {
        let names = |count: usize| (0..count).map(|name| format!("S{name}")).collect::<Vec<_>>();
        // Each section needs all others; one list of files is copied by every device; a string grows.
        let all = names(300).join(",");
        let needs: String =
            names(300).iter().map(|name| format!("[{name}]\nNeeds = {all}\nCopyFiles = L\n")).collect();
        let devices: String = names(300).iter().map(|name| format!("%D% = {name}, A\n")).collect();
        let files: String = names(300).iter().map(|name| format!("{name}.dat\n")).collect();
        let text = format!(
            "[Version]\nCatalogFile = a.cat\n[Manufacturer]\n%M% = Std,NTamd64\n[Std.NTamd64]\n{devices}\n{needs}[L]\n{files}\n[Strings]\nM = \"{}\"\n",
            "%M%".repeat(1000)
        );
        super::inf(text.as_bytes());
        super::inf("[".repeat(100_000).as_bytes());
        super::inf(format!("[A]\n{}", "a,".repeat(100_000)).as_bytes());
        super::inf(format!("[A]\n{}", "\\\n".repeat(100_000)).as_bytes());
        super::inf(format!("[A]\n{}", "% ".repeat(100_000)).as_bytes());
        super::inf(format!("[A{}]\nb = 1\n", ".NT".repeat(80)).as_bytes());
    }
}
