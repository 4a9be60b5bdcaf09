//! The registry settings that turn a fresh Wine prefix into a lab machine.

use sha2::{Digest as _, Sha256};

/// The name, in `drive_c`, of the script that Wine runs when a program faults.
pub(crate) const CRASH_SCRIPT: &str = "dbg.bat";
/// The name, in `drive_c`, of the file it appends a backtrace to.
pub(crate) const CRASH_LOG: &str = "crash.log";

/// The script: winedevice has no output of its own, so the debugger's is appended to a file. The full path is needed.
pub(crate) const CRASH_SCRIPT_TEXT: &str =
    "@C:\\windows\\system32\\winedbg.exe --auto %1 %2 >> C:\\crash.log 2>&1\r\n";

/// What is imported into the registry of the template:
///
/// - a system version new enough for the bundle's INF sections;
/// - 120 s instead of 10 s for DriverEntry and DriverUnload: after ten, Wine forgets a driver that is still starting;
/// - no window for a crash, but a backtrace in a file;
/// - NETIO.SYS from the prefix instead of Wine's own, whose Nmr* functions are stubs;
/// - ntoskrnl.exe from the prefix, where a lab may put one of its own;
/// - no desktop, menu, .NET or HTML programs: nothing here has a screen;
/// - heap checks in the process that hosts drivers: freed memory is filled and kept, overruns are noticed.
pub(crate) const REGISTRY: &str = r#"Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\Software\Wine]
"Version"="win10"

[HKEY_CURRENT_USER\Software\Wine\DllOverrides]
"netio.sys"="native"
"ntoskrnl.exe"="native,builtin"
"winemenubuilder.exe"=""
"explorer.exe"=""
"mscoree"=""
"mshtml"=""

[HKEY_CURRENT_USER\Software\Wine\WineDbg]
"ShowCrashDialog"=dword:00000000

[HKEY_LOCAL_MACHINE\System\CurrentControlSet\Control]
"ServicesPipeTimeout"="120000"

[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion\AeDebug]
"Debugger"="cmd /c C:\\dbg.bat %ld %ld"
"Auto"="1"

[HKEY_LOCAL_MACHINE\Software\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\winedevice.exe]
"GlobalFlag"=dword:000000f0
"#;

/// For programs that run before the registry has the overrides, and for those that read only this.
pub(crate) const OVERRIDES: &str =
    "netio.sys=n;ntoskrnl.exe=n,b;winemenubuilder.exe=;explorer.exe=;mscoree=;mshtml=";

/// Errors of Wine, the drivers' own lines, heap findings; each with time, process and thread.
pub(crate) const DEBUG: &str = "-all,err+all,+debugstr,warn+heap,+timestamp,+pid";

/// A short text that changes with the settings.
pub(crate) fn fingerprint() -> String {
    let all = Sha256::new()
        .chain_update(REGISTRY)
        .chain_update(CRASH_SCRIPT_TEXT)
        .chain_update(crate::forwarder::DEFINITION);
    all.finalize()[..3].iter().map(|byte| format!("{byte:02x}")).collect()
}
