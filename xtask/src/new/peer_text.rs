//! The test of a new driver: a peer on the other side of each of its NPIs, on a simulated NMR.

use std::fmt::Write as _;

use super::driver_text::{Bindings, declarations, implementation, imports, uses};
use super::request::{Line, Request, Role};

/// The text of the driver's `tests.rs`.
pub(super) fn tests(request: &Request) -> String {
    let name = request.name.pascal();
    let met: Vec<&Line> = request.npis.iter().filter(|line| line.contract.product.is_none()).collect();
    if met.is_empty() {
        return alone(&name, request.npis.len());
    }
    let bindings = Bindings::of(&met, |role| role, &["Peer", &name]);
    let modules =
        uses(met.iter().map(|line| (line.contract.package.as_str(), line.contract.module.as_str())));
    let mut text = format!(
        "\
//! The driver and its peers on a desk: they attach, and are unloaded in either order.

use super::{name};
{modules}use nmr::{{{}}};
use nmr_sim::World;
use nmr_wdk::{{Kernel, Loaded}};

nmr::driver! {{
    /// The other side of each NPI.
    pub(crate) driver Peer {{
        module_id: \"{}\",
        system: Kernel,

{}    }}
}}
",
        imports(met.iter().map(|line| line.role.other())),
        request.peer_module_id.0,
        declarations(&met, &bindings, Role::other, 8),
    );
    for (line, binding) in met.iter().zip(&bindings.0) {
        let declaration = format!("#[derive(Debug)]\npub(crate) struct {binding};\n");
        text += &implementation(line, line.role.other(), binding, "Peer", &declaration);
    }
    text + &test(&met, &name)
}

/// The test of a driver whose peers are products.
fn alone(name: &str, registrations: usize) -> String {
    format!(
        "\
//! The driver alone on a desk: its peers are products.

use super::{name};
use nmr_sim::World;
use nmr_wdk::{{Kernel, Loaded}};

#[test]
fn registers_and_leaves_nothing() {{
    let world = World::new();
    let loaded = Loaded::<{name}>::new(Kernel::new(world.clone())).expect(\"the driver loads\");
    assert_eq!(world.left().registrations.len(), {registrations});
    drop(loaded);
    world.assert_clean();
    world.assert_unloaded();
}}
"
    )
}

fn test(met: &[&Line], name: &str) -> String {
    let mut seen = String::new();
    for line in met {
        let module = &line.contract.module;
        let _ = writeln!(seen, "        assert_eq!(driver.driver().{module}.bindings(), 1);");
    }
    for line in met.iter().filter(|line| line.new.is_some()) {
        let module = &line.contract.module;
        let client = match line.role {
            Role::Client => "driver",
            Role::Provider => "peer",
        };
        let _ = writeln!(
            seen,
            "        let {module} = {client}.driver().{module}.oldest_peer().expect(\"attached\");\n        \
             assert_eq!({module}::Provider::answer(&*{module}, 7), Err(nmr::Error::NOT_SUPPORTED));\n        \
             drop({module});"
        );
    }
    format!(
        "
#[test]
fn attaches_to_its_peers_and_leaves_nothing() {{
    for driver_goes_first in [true, false] {{
        let world = World::new();
        let peer = Loaded::<Peer>::new(Kernel::new(world.clone())).expect(\"the peer loads\");
        let driver = Loaded::<{name}>::new(Kernel::new(world.clone())).expect(\"the driver loads\");
{seen}        if driver_goes_first {{
            drop(driver);
            drop(peer);
        }} else {{
            drop(peer);
            drop(driver);
        }}
        world.assert_clean();
        world.assert_unloaded();
    }}
}}
"
    )
}
