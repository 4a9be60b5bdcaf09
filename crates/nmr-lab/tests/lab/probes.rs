//! Small drivers in C that do one thing wrong each.

use std::path::{Path, PathBuf};

use nmr_lab::c_driver;

/// What this host lacks for compiling probes.
pub(crate) fn missing() -> Option<String> {
    c_driver::ready().err().map(|error| error.to_string())
}

/// What stands in the probe's DriverEntry and in its Unload.
fn bodies(probe: &str) -> (&'static str, &'static str) {
    match probe {
        "behaves" => (r#"DbgPrint("behaves: start\n");"#, r#"DbgPrint("behaves: stop\n");"#),
        "faults" => ("", "*(volatile int *)0x30 = 1;"),
        "overruns" => (
            "volatile char *block = ExAllocatePoolWithTag(NonPagedPool, 32, 'x'); block[34] = 1; \
             ExFreePoolWithTag((void *)block, 'x');",
            "",
        ),
        "stops" => ("KeBugCheckEx(0xe2, 1, 2, 3, 4);", ""),
        "sleeps" => (
            "",
            "LARGE_INTEGER time; time.QuadPart = -600000000; KeDelayExecutionThread(KernelMode, FALSE, &time);",
        ),
        // Keeps the process of the others alive, as NETIO.SYS does.
        "registrar" => (r#"DbgPrint("registrar: start\n");"#, ""),
        other => panic!("there is no probe {other}"),
    }
}

/// Compiles `probe` to the image `path`.
pub(crate) fn compile(probe: &str, path: &Path) -> PathBuf {
    let (entry, unload) = bodies(probe);
    let source = path.with_extension("c");
    let text = format!(
        "#include <ntddk.h>\n\
         static VOID NTAPI unload(PDRIVER_OBJECT driver) {{ {unload} }}\n\
         NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path) {{\n\
         driver->DriverUnload = unload; {entry} return STATUS_SUCCESS; }}\n"
    );
    std::fs::write(&source, text).unwrap();
    c_driver::compile(&source, path, &[]).unwrap();
    path.to_owned()
}
