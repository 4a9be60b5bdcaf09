//! What each rule finds: a sound file is changed in one place, and the rule that is broken says where.

use super::*;
use crate::inf::rule::Severity;

const DEVICE: &str = include_str!("samples/device.inf");
const PRIMITIVE: &str = include_str!("samples/primitive.inf");

fn found(text: &str) -> Vec<Problem> {
    match Inf::parse("t.inf", text.as_bytes()) {
        Ok(inf) => check(&inf),
        Err(problems) => problems.list,
    }
}

#[test]
fn sound_files_have_no_faults() {
    assert_eq!(found(DEVICE), []);
    assert_eq!(found(PRIMITIVE), []);
}

/// Replacing `from` by `to` in `sample` breaks `rule`, in the line that `at` is the beginning of.
#[track_caller]
fn breaks(sample: &str, from: &str, to: &str, rule: Rule, at: &str) {
    assert!(sample.contains(from), "{from:?} is not in the sample");
    let text = sample.replacen(from, to, 1);
    let line = 1 + text
        .lines()
        .position(|line| line.starts_with(at))
        .unwrap_or_else(|| panic!("no line starts {at:?}"));
    let problems = found(&text);
    let hit = problems.iter().any(|problem| problem.rule == rule && problem.place.line == line);
    assert!(hit, "wanted {} in line {line} {at:?}, got {problems:#?}", rule.name);
}

#[track_caller]
fn device(from: &str, to: &str, rule: Rule, at: &str) {
    breaks(DEVICE, from, to, rule, at);
}

#[track_caller]
fn primitive(from: &str, to: &str, rule: Rule, at: &str) {
    breaks(PRIMITIVE, from, to, rule, at);
}

#[test]
fn the_file_as_text() {
    primitive(
        "Provider = \"Example\"",
        "Provider = \"Ex\u{e4}mple\"",
        rule::FOREIGN_ENCODING,
        "; A primitive",
    );
    primitive("; A primitive", "A primitive", rule::PREAMBLE, "A primitive");
    primitive("[Files]", "[Files", rule::SYNTAX, "[Files");
    primitive("[Files]", "[Files] x", rule::HEADER, "[Files] x");
    primitive("\"Example disk\"", "\"Example disk", rule::QUOTE, "Disk ");
}

#[test]
fn what_the_version_says() {
    primitive("$Windows NT$", "$Windows CE$", rule::SIGNATURE, "Signature");
    primitive("$Windows NT$", "$CHICAGO$", rule::OLD_SIGNATURE, "Signature");
    primitive("Class       = System\n", "", rule::CLASS, "[Version]");
    primitive("ClassGuid   = {4D36E97D", "ClassGuid   = {4D36E97", rule::CLASS, "ClassGuid");
    primitive("= System", "= Net", rule::FOREIGN_CLASS, "ClassGuid");
    primitive("Provider    = %Provider%\n", "", rule::PROVIDER, "[Version]");
    primitive("Provider    = %Provider%", "Provider    = Microsoft", rule::FOREIGN_PROVIDER, "Provider ");
    primitive("01/31/2026", "31/01/2026", rule::DRIVER_VER, "DriverVer");
    primitive("DriverVer   = 01/31/2026,1.2.3.4\n", "", rule::DRIVER_VER, "[Version]");
    primitive("1.2.3.4", "1.2.3.70000", rule::DRIVER_VER, "DriverVer");
    primitive("CatalogFile = primitive.cat\n", "", rule::CATALOG_FILE, "[Version]");
    primitive("primitive.cat", "sub\\primitive.cat", rule::CATALOG_FILE, "CatalogFile");
    primitive("PnpLockdown = 1\n", "", rule::LOCKDOWN, "[Version]");
    primitive("PnpLockdown = 1\n", "PnpLockdown = 1\npnplockdown = 0\n", rule::DUPLICATE_KEY, "pnplockdown");
    primitive("PnpLockdown = 1\n", "PnpLockdown = 1\npnplockdown = 1\n", rule::REPEATED_KEY, "pnplockdown");
    let extension = "Class       = Extension\nClassGuid   = {e2f84ce7-8efa-411c-aa69-97454ca4cb57}\n";
    let system = "Class       = System\nClassGuid   = {4D36E97D-E325-11CE-BFC1-08002BE10318}\n";
    primitive(system, extension, rule::EXTENSION_ID, "[Version]");
}

#[test]
fn strings() {
    device("%Disk%", "%Disc%", rule::UNDEFINED_STRING, "1 = %Disc%");
    device("%%SystemRoot%%", "%SystemRoot%", rule::ENVIRONMENT_STRING, "HKR,,Path");
    device("Said ", "50% of ", rule::PERCENT, "HKR,,Friendly");
    device("Disk        =", "Disk = other\nDisk        =", rule::DUPLICATE_STRING, "Disk        =");
    device("\"Beispiel\"", "\"Beispiel\"\nNur = hier", rule::LANGUAGE, "Nur");
}

#[test]
fn sections_and_references() {
    device("CopyFiles = Device.Files,", "CopyFiles = device.sys,", rule::MISSING_SECTION, "CopyFiles");
    device("[Device.Service]", "[Other.Service]", rule::MISSING_SECTION, "AddService");
    device("= Device, PCI", "= Devise, PCI", rule::MISSING_SECTION, "%Device.Name% = Devise");
    device("[Device.Registry]", "[Other.Registry]", rule::UNUSED_SECTION, "[Other.Registry]");
    device(
        "[Device.Files]\n",
        "[Device.Files]\ndevice.sys\n[Lost]\n[DEVICE.FILES]\n",
        rule::REPEATED_SECTION,
        "[DEVICE.FILES]",
    );
    device(
        "AddReg = Device.Registry",
        "Include = a.inf\nAddReg = Elsewhere",
        rule::INCLUDED_SECTION,
        "AddReg = Elsewhere",
    );
    device("AddReg = Device.Registry", "Needs = Elsewhere", rule::NEEDS, "Needs");
    device("[Device.NT.Services]", "[Device.NTx86.Services]", rule::ASSOCIATED_SERVICE, "[Device.NT]");
}

#[test]
fn entries_and_decorations() {
    device("[Device.Files]", "[DefaultInstall]\n[Device.Files]", rule::TWO_ENTRIES, "[DefaultInstall]");
    primitive("[DefaultInstall.NTamd64]", "[DefaultInstall]", rule::ARCHITECTURE, "[DefaultInstall]");
    primitive("LegacyUninstall = 1\n", "", rule::LEGACY_UNINSTALL, "[DefaultUninstall.NTamd64]");
    device(",NTamd64.10.0...16299,", ",NTamd65,", rule::DECORATION, "%Provider%");
    device(",NTamd64.10.0...16299,", ",NTamd64.10.0...10240,", rule::BUILD_NUMBER, "%Provider%");
    device(",NTamd64.10.0...16299,", ",NTamd64.6.3,", rule::ARCHITECTURE, "%Provider%");
    device(",NTamd64.10.0...16299,", ",NT$ARCH$,", rule::UNRESOLVED_TOKEN, "%Provider%");
    device("= Device, PCI\\VEN_1234&DEV_0001, *PNP1234", "=", rule::MODELS, "%Device.Name% =");
    device(
        "Device, \"USB\\VID_1234&PID_0002\\\"",
        "Device,PCI\\VEN_1234&DEV_0001",
        rule::HARDWARE_ID,
        "%Device.Name% = Device,PCI",
    );
    primitive("[DefaultInstall.NTamd64]", "[Start.NTamd64]", rule::UNUSED_SECTION, "[Start.NTamd64]");
}

#[test]
fn files() {
    device("device.dat = 1\n", "", rule::SOURCE_FILE, "            @device.dat");
    device("1 = %Disk%", "2 = %Disk%", rule::SOURCE_FILE, "device.sys = 1");
    primitive("DefaultDestDir = 13\n", "", rule::DESTINATION, "primitive.sys");
    primitive("DefaultDestDir = 13", "DefaultDestDir = 19", rule::DIRID, "DefaultDestDir");
    primitive("DefaultDestDir = 13", "DefaultDestDir = 12", rule::DRIVER_STORE, "primitive.sys");
    primitive("primitive.sys = 1", "primitive.sys = 1,x64", rule::SAME_NAME, "primitive.sys");
    primitive("primitive.sys = 1", "primitive.sys = 1\nother.cat = 1", rule::LISTED_CATALOG, "other.cat");
    primitive("primitive.sys = 1", "primitive.sys = 1\nother.dat = 1", rule::UNUSED_FILE, "other.dat");
    primitive(
        "primitive.sys = 1",
        "primitive.sys = 1\nprimitive.sys = 2",
        rule::DUPLICATE_ENTRY,
        "primitive.sys = 2",
    );
    primitive("[Files]\n", "[Files]\nsub\\b.sys\n", rule::FILE_NAME, "sub\\b.sys");
    primitive("[Files]\n", "[Files]\nx = y\n", rule::LISTED_FILE, "x = y");
}

#[test]
fn services_and_registry() {
    primitive("ServiceType   = 1\n", "", rule::SERVICE, "[Service]");
    primitive("StartType     = 3", "StartType     = 5", rule::SERVICE, "StartType");
    primitive("ErrorControl  = 1", "ErrorControl  = x", rule::SERVICE, "ErrorControl");
    primitive("%13%\\primitive.sys", "%13%\\other.sys", rule::SERVICE_BINARY, "ServiceBinary");
    primitive("%13%\\primitive.sys", "C:\\primitive.sys", rule::SERVICE_BINARY, "ServiceBinary");
    primitive("primitive,,Service", "primitive", rule::DIRECTIVE, "AddService");
    primitive("primitive,,Service", "primitive,two,Service", rule::DIRECTIVE, "AddService");
    device(
        "AddService =",
        "AddService = second, 2, Device.Service\nAddService =",
        rule::TWO_ASSOCIATED,
        "AddService = device",
    );
    device("HKR,,Friendly", "HKX,,Friendly", rule::REGISTRY, "HKX");
    device("HKR,,Level,%REG_DWORD%", "HKR,,Level,DWORD", rule::REGISTRY, "HKR,,Level");
    device("HKR,,Friendly", "HKLM,Software,Friendly", rule::REGISTRY_ROOT, "HKLM");
    device("%%SystemRoot%%", "%11%", rule::REGISTRY_PATH, "HKR,,Path");
    device(
        "AddReg = Device.Registry\n\n[Device.NT.Serv",
        "DelReg = Device.Registry\n\n[Device.NT.Serv",
        rule::LEGACY_DIRECTIVE,
        "DelReg",
    );
    device("[Device.NT.HW]", "[Device.NT.CoInstallers]", rule::LEGACY_SECTION, "[Device.NT.CoInstallers]");
}

#[test]
fn a_package_is_complete_or_not_there() {
    let inf = Inf::parse("t.inf", DEVICE.as_bytes()).unwrap();
    let rules = |there: &[&str]| -> Vec<&str> {
        is_there(&inf, |path| there.contains(&path)).iter().map(|problem| problem.rule.name).collect()
    };
    assert!(rules(&["device.sys", "device.dat"]).is_empty());
    assert_eq!(rules(&[]), ["lone-inf"]);
    assert_eq!(rules(&["device-arm64.cat"]), ["missing-file", "missing-file"]);
    assert_eq!(rules(&["device.dat"]), ["missing-file"]);
}

#[test]
fn only_what_windows_or_its_signers_refuse_is_an_error() {
    // What signed packages in the field have, and Windows takes.
    for rule in
        [rule::PREAMBLE, rule::HEADER, rule::QUOTE, rule::SAME_NAME, rule::LOCKDOWN, rule::DUPLICATE_STRING]
    {
        assert_eq!(rule.severity, Severity::Warning, "{}", rule.name);
    }
}
