//! Links the image so that Wine loads it both ways: as a driver's import and as a kernel service.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |key: &str| std::env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    if target("OS") == "windows" && target("ENV") == "gnu" {
        // A native image gets no entry call when it is imported; a console one is called like any DLL.
        println!("cargo::rustc-link-arg-cdylib=-Wl,--subsystem,console");
        println!("cargo::rustc-link-arg-cdylib=-Wl,--entry,netio_entry");
    }
}
