//! What has to be done to build drivers, without doing it.

use std::path::PathBuf;

use super::link::Link;
use super::packages::DriverPackage;
use super::resource;
use super::settings::DriverSettings;
use crate::context::Context;

/// The steps from drivers to images.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// One entry for each driver, in the order in which they were asked for.
    pub(super) drivers: Vec<DriverPlan>,
}

/// The steps from one driver to its image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DriverPlan {
    pub(super) name: String,
    /// The arguments of the cargo command that makes a static library.
    pub(super) compile: Vec<String>,
    /// Where the output of that command goes.
    pub(super) log: PathBuf,
    /// The link of that library.
    pub(super) link: Link,
}

/// Plans the images of `drivers`.
///
/// A driver becomes a static library, which the toolchain's own linker turns into the image. So the command line of
/// the link is ours alone, with nothing in it that differs between machines, and nothing is exported.
pub(super) fn plan(context: &Context, settings: &DriverSettings, drivers: &[DriverPackage]) -> Plan {
    let output = context.target.join(settings.target.of_drivers()).join("driver").join("images");
    let drivers = drivers.iter().map(|driver| {
        let words = ["rustc", "--message-format=json", "--package", &driver.name];
        let last = ["--lib", "--crate-type", "staticlib", "--", "--print", "native-static-libs"];
        let folder = output.join(&driver.name);
        DriverPlan {
            name: driver.name.clone(),
            compile: words
                .iter()
                .chain(&settings.target.driver_arguments())
                .chain(&last)
                .map(ToString::to_string)
                .collect(),
            log: folder.join("cargo.log"),
            link: Link {
                name: driver.name.clone(),
                folder,
                machine: settings.target.machine(),
                linker: settings.linker.clone(),
                resource: resource::version(driver),
            },
        }
    });
    Plan { drivers: drivers.collect() }
}

#[cfg(test)]
mod tests {
    use super::super::target::Target;
    use super::*;
    use crate::ui::Ui;

    fn planned(target: Target) -> Plan {
        let context = Context {
            workspace: "/w".into(),
            target: "/w/target".into(),
            version: "0.1.0".into(),
            json: false,
            ui: Ui::new(),
        };
        let driver = |name: &str| DriverPackage {
            name: name.into(),
            version: "0.1.0".into(),
            description: "A driver.".into(),
            folder: PathBuf::from("/w/drivers").join(name),
            shipped: true,
        };
        let settings = DriverSettings::for_test(target, "/rust/rust-lld");
        plan(&context, &settings, &[driver("relay"), driver("echo-provider")])
    }

    #[test]
    fn each_driver_becomes_a_static_library_and_a_link_of_its_own() {
        let plan = planned(Target::X64);
        let names: Vec<&str> = plan.drivers.iter().map(|driver| driver.name.as_str()).collect();
        assert_eq!(names, ["relay", "echo-provider"]);
        assert_eq!(
            plan.drivers[1].compile.join(" "),
            "rustc --message-format=json --package echo-provider --locked --profile driver --target \
             x86_64-pc-windows-msvc --lib --crate-type staticlib -- --print native-static-libs"
        );
        let folder = PathBuf::from("/w/target/x86_64-pc-windows-msvc/driver/images/echo-provider");
        assert_eq!(plan.drivers[1].log, folder.join("cargo.log"));
        assert_eq!(plan.drivers[1].link.image(), folder.join("echo-provider.sys"));
        assert_eq!(plan.drivers[1].link.symbols(), folder.join("echo-provider.pdb"));
        assert_eq!(plan.drivers[1].link.machine, "/MACHINE:X64");
    }

    #[test]
    fn another_machine_has_a_target_a_folder_and_a_word_for_the_linker_of_its_own() {
        let [relay, _] = &planned(Target::Arm64).drivers[..] else { panic!("two drivers") };
        assert!(relay.compile.join(" ").contains("--target aarch64-pc-windows-msvc "), "{relay:?}");
        let folder = PathBuf::from("/w/target/aarch64-pc-windows-msvc/driver/images/relay");
        assert_eq!((relay.link.folder.clone(), relay.link.machine), (folder, "/MACHINE:ARM64"));
    }
}
