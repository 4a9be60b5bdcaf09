//! The rules an INF file is held against, each with a name of its own.

/// How bad it is to break a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Windows, or the service that signs for it, does not take the file, or does not do what it says.
    Error,
    /// Windows goes on, but probably not as the author meant.
    Warning,
    /// Legal, and not allowed in a declarative INF: a warning, unless the file is meant to be one.
    Declarative,
}

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    /// What it is called, in words joined by `-`.
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    /// What it asks for.
    pub(crate) meaning: &'static str,
}

macro_rules! rules {
    ($($constant:ident $severity:ident $name:literal $meaning:literal)*) => {
        $(
            #[doc = $meaning]
            pub(crate) const $constant: Rule =
                Rule { name: $name, severity: Severity::$severity, meaning: $meaning };
        )*

        /// Every rule, in the order of this file.
        pub(crate) const ALL: &[Rule] = &[$($constant),*];
    };
}

rules! {
    // The file as text.
    ENCODING Error "encoding" "the bytes are text: ANSI, or UTF-16 with a byte order mark"
    FOREIGN_ENCODING Warning "foreign-encoding" "Windows reads ANSI and UTF-16 LE, everything else by chance"
    SIZE Error "size" "the file has a size that a setup file can have"
    SYNTAX Error "syntax" "lines stand in sections, and headers and fields have the form they must have"
    PREAMBLE Warning "preamble" "nothing but comments stands before the first section"
    HEADER Warning "header" "nothing but a comment follows a section's header"
    QUOTE Warning "quote" "a quote is closed on the line where it is opened"
    PERCENT Warning "percent" "a percent sign is written %%"
    // [Version].
    SIGNATURE Error "signature" "[Version] has Signature = \"$Windows NT$\""
    OLD_SIGNATURE Warning "old-signature" "the signature is that of Windows NT"
    CLASS Error "class" "[Version] names the device class and its GUID"
    FOREIGN_CLASS Warning "foreign-class" "the name and the GUID of a class of Windows belong together, and Windows installs it"
    PROVIDER Error "provider" "[Version] names who provides the driver"
    FOREIGN_PROVIDER Warning "foreign-provider" "nobody but Microsoft provides drivers as Microsoft"
    DRIVER_VER Error "driver-ver" "[Version] has DriverVer = mm/dd/yyyy,w.x.y.z"
    CATALOG_FILE Error "catalog-file" "[Version] names the catalog, a plain file name that ends in .cat"
    LOCKDOWN Warning "pnp-lockdown" "[Version] has PnpLockdown = 1"
    EXTENSION_ID Error "extension-id" "an extension INF has an ExtensionId that is a GUID"
    DUPLICATE_ENTRY Warning "duplicate-entry" "a file, a disk or a folder is listed once"
    DUPLICATE_KEY Error "duplicate-key" "a key that can hold once is given once"
    REPEATED_KEY Warning "repeated-key" "nothing is said twice"
    // Strings.
    UNDEFINED_STRING Error "undefined-string" "every %token% is defined in [Strings]"
    ENVIRONMENT_STRING Warning "environment-string" "a variable of the environment is written %%Name%%"
    DUPLICATE_STRING Warning "duplicate-string" "a string is defined once in a language"
    LANGUAGE Warning "language" "a string of one language is one of [Strings] too"
    // Sections and what refers to them.
    NO_ENTRY Warning "no-entry" "there is something to install: [Manufacturer], [DefaultInstall] or a class"
    MISSING_SECTION Error "missing-section" "a section that is referred to is there"
    INCLUDED_SECTION Warning "included-section" "sections of an included INF are reached by Needs alone"
    UNUSED_SECTION Warning "unused-section" "every section is reached from where Windows starts"
    REPEATED_SECTION Warning "repeated-section" "a section stands in one piece"
    TWO_ENTRIES Error "two-entries" "a file is for devices or for none, and has one entry for a system"
    MODELS Error "models" "each line of [Manufacturer] and of a models section has what it needs"
    HARDWARE_ID Warning "hardware-id" "a device is for some hardware id, each listed once"
    NEEDS Warning "needs" "Needs names a section of this file, or one of a file that Include names"
    // Decorations.
    DECORATION Error "decoration" "a decoration is one: NT, an architecture, a version"
    BUILD_NUMBER Error "build-number" "a decoration's build number is 14310 or later, of Windows 10"
    ARCHITECTURE Warning "architecture" "sections say which architecture they are for"
    UNRESOLVED_TOKEN Error "unresolved-token" "$ARCH$ and its like were replaced by stamping"
    // Files.
    SOURCE_FILE Error "source-file" "each file that is copied is in [SourceDisksFiles], on a disk of [SourceDisksNames]"
    FILE_NAME Error "file-name" "a file is named by a name alone, in ASCII"
    LISTED_FILE Error "listed-file" "a section that lists files lists nothing else"
    DESTINATION Error "destination" "each list of files has a folder in [DestinationDirs] or a default"
    DIRID Error "dirid" "a folder's number is one that Windows knows"
    SAME_NAME Warning "same-name" "files that stay in the driver store keep name and folder"
    LISTED_CATALOG Warning "listed-catalog" "catalogs are named in [Version] alone"
    UNUSED_FILE Warning "unused-file" "each file of [SourceDisksFiles] is copied by something"
    MISSING_FILE Error "missing-file" "each file of the package is there"
    LONE_INF Warning "lone-inf" "the files of the package lie beside the INF"
    WRONG_MACHINE Error "wrong-machine" "a driver's image is for the architecture that installs it"
    UNCATALOGED Error "uncataloged" "each file is one that a catalog of ours can vouch for"
    // Directives.
    DIRECTIVE Error "directive" "a directive has the values it needs"
    REGISTRY Error "registry" "a registry entry has a root, and flags and numbers that are numbers"
    SERVICE Error "service" "a service has ServiceType, StartType, ErrorControl and ServiceBinary"
    SERVICE_BINARY Warning "service-binary" "a service runs a file of the package, named by a folder's number"
    ASSOCIATED_SERVICE Warning "associated-service" "each device has one service that drives it, or says that it has none"
    TWO_ASSOCIATED Error "two-associated-services" "a device has one service that drives it"
    // Declarative INFs.
    LEGACY_DIRECTIVE Declarative "legacy-directive" "a declarative INF adds and configures; it deletes, registers and renames nothing"
    LEGACY_SECTION Declarative "legacy-section" "a declarative INF has no class installers and no co-installers"
    REGISTRY_ROOT Declarative "registry-root" "a declarative INF writes to HKR alone"
    REGISTRY_PATH Declarative "registry-path" "a registry value names Windows folders by %%SystemRoot%%, not by a number"
    DRIVER_STORE Declarative "driver-store" "an isolated driver runs from the driver store: folder 13"
    LEGACY_UNINSTALL Warning "legacy-uninstall" "[DefaultUninstall] of a primitive driver has LegacyUninstall = 1"
    // What our own packaging asks for besides.
    PRIMITIVE Error "primitive" "the INF is that of a primitive driver, as `package` makes it"
    UNINSTALL Error "uninstall" "what is taken away is what was installed"
    ONE_SERVICE Error "one-service" "each driver has one service, with a name of its own"
    STAMP Error "stamp" "the source can be stamped: tokens, DriverVer, plain ASCII"
    SIGNATURE_ATTRIBUTES Error "signature-attributes" "a catalog of ours has no PETrust or DRM attributes"
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_rule_has_a_name_of_its_own() {
        let names: HashSet<_> = ALL.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), ALL.len());
        let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(ALL.iter().all(|rule| plain(rule.name)));
    }
}
