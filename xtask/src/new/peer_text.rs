//! The test of a new driver: a peer on the other side of each of its NPIs, on a simulated NMR.

use std::fmt::Write as _;

use super::driver_text::{Bindings, declarations, implementation, imports, uses};
use super::request::{Request, Role};

/// The text of the driver's `tests.rs`.
pub(super) fn tests(request: &Request) -> String {
    let name = request.name.pascal();
    let bindings = Bindings::of(&request.npis, |role| role, &["Peer", &name]);
    let modules =
        uses(request.npis.iter().map(|line| (line.contract.package.as_str(), line.contract.module.as_str())));
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
        imports(request.npis.iter().map(|line| line.role.other())),
        request.peer_module_id.0,
        declarations(&request.npis, &bindings, Role::other, 8),
    );
    for (line, binding) in request.npis.iter().zip(&bindings.0) {
        let declaration = format!("#[derive(Debug)]\npub(crate) struct {binding};\n");
        text += &implementation(line, line.role.other(), binding, "Peer", &declaration);
    }
    text + &test(request, &name)
}

fn test(request: &Request, name: &str) -> String {
    let mut seen = String::new();
    for line in &request.npis {
        let module = &line.contract.module;
        let _ = writeln!(seen, "        assert_eq!(driver.driver().{module}.bindings(), 1);");
    }
    for line in request.npis.iter().filter(|line| line.new.is_some()) {
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
