//! The names of a driver's control device.

/// The longest name of a service.
const MOST_LETTERS: usize = 256;
const DEVICE: &str = r"\Device\";
const LINK: &str = r"\DosDevices\";
const PREFIX: &str = nmr::abi::attachments::DEVICE_PREFIX;

/// A name in UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    letters: [u16; LINK.len() + PREFIX.len() + MOST_LETTERS],
    used: usize,
}

impl Name {
    pub(crate) const EMPTY: Self = Self { letters: [0; LINK.len() + PREFIX.len() + MOST_LETTERS], used: 0 };

    /// Becomes `\Device\Nmr-<service>`. Answers false, and stays as it is, if the service has no name that a service
    /// can have.
    pub(crate) fn set_device(&mut self, registry_path: &[u16]) -> bool {
        self.set(DEVICE, registry_path)
    }

    /// Becomes `\DosDevices\Nmr-<service>`, which programs know as `\\.\Nmr-<service>`.
    pub(crate) fn set_link(&mut self, registry_path: &[u16]) -> bool {
        self.set(LINK, registry_path)
    }

    pub(crate) fn letters(&self) -> &[u16] {
        &self.letters[..self.used]
    }

    /// The service's name is the last part of its registry path.
    fn set(&mut self, folder: &str, registry_path: &[u16]) -> bool {
        let begin =
            registry_path.iter().rposition(|letter| *letter == u16::from(b'\\')).map_or(0, |at| at + 1);
        let service = &registry_path[begin..];
        if service.is_empty() || service.len() > MOST_LETTERS {
            return false;
        }
        let letters = folder.bytes().chain(PREFIX.bytes()).map(u16::from).chain(service.iter().copied());
        self.used = 0;
        for (place, letter) in self.letters.iter_mut().zip(letters) {
            *place = letter;
            self.used += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn text(name: &Name) -> String {
        String::from_utf16(name.letters()).expect("text")
    }

    #[test]
    fn a_service_s_name_is_the_end_of_its_registry_path() {
        let path = utf16(r"\Registry\Machine\System\CurrentControlSet\Services\echo-client");
        let mut name = Name::EMPTY;
        assert!(name.set_link(&path));
        assert_eq!(text(&name), r"\DosDevices\Nmr-echo-client");
        assert!(name.set_device(&path));
        assert_eq!(text(&name), r"\Device\Nmr-echo-client");
    }

    #[test]
    fn the_longest_name_fits_and_what_is_none_is_refused() {
        let mut name = Name::EMPTY;
        let longest = "x".repeat(256);
        assert!(name.set_link(&utf16(&format!(r"\a\{longest}"))));
        assert_eq!(text(&name), format!(r"\DosDevices\Nmr-{longest}"));
        let before = name;
        for wrong in ["", r"\a\", &format!(r"\a\{longest}x")] {
            assert!(!name.set_device(&utf16(wrong)), "{wrong}");
            assert_eq!(name, before);
        }
    }
}
