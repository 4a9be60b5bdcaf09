//! NPIs of products, whose contracts are in `nmr-npis`: which of them a new driver can begin with, and how.

use super::contracts::{Contract, Duties};
use super::request::Role;

/// The package that has them.
pub(super) const PACKAGE: &str = "nmr-npis";

/// The NPI of a product, and what a driver begins with. In the texts `{BINDING}` is the binding type, and `{MODULE_ID}` the
/// digits of the driver's module id. The product is the only peer, so none is made for the driver's test.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Product {
    /// Its module.
    pub(super) module: &'static str,
    /// Where that is in the package.
    pub(super) path: &'static str,
    /// What a driver can be.
    role: Role,
    /// Why it cannot be the other.
    not_the_other: &'static str,
    /// What stands for the contract in the declaration.
    pub(super) npi: &'static str,
    /// The options of the registration.
    pub(super) options: &'static str,
    /// What the options need, in front of the declaration.
    pub(super) items: &'static str,
    /// The type of what the peer shows, if it shows something.
    pub(super) shown: Option<&'static str>,
    /// How is decided about `peer`, the offer; empty if everybody is welcome.
    pub(super) decision: &'static str,
    /// What the binding type serves besides, and what is made with it.
    pub(super) implementation: &'static str,
}

const HOOK: Product = Product {
    module: "hook",
    path: "ebpf::hook",
    role: Role::Provider,
    not_the_other: "eBPF's core is its client",
    npi: "hook::Npi",
    options: "capacity: 64, characteristics: hook::ProviderCharacteristics { supported_program_type: PROGRAMS_OF_HOOK, \
              bpf_attach_type: 1001, link_type: 1 }",
    items: "
/// The type of programs that can be attached: the module id of whoever provides their information. The attach type is the
/// module id of the registration.
const PROGRAMS_OF_HOOK: nmr::Guid = nmr::Guid::from_u128(0x{MODULE_ID});
",
    shown: Some("hook::ClientCharacteristics"),
    decision: "peer.characteristics()?;",
    implementation: "",
};

const MAP: Product = Product {
    module: "map",
    path: "ebpf::map",
    role: Role::Provider,
    not_the_other: "eBPF's core is its client",
    npi: "map::Npi<{BINDING}>",
    options: "capacity: 64, characteristics: map::ProviderCharacteristics::of(4096, 1)",
    items: "",
    shown: Some("map::ClientCharacteristics"),
    decision: "",
    implementation: "
impl map::MapProvider for {BINDING} {
    fn create(&self, _shape: &map::MapShape) -> Result<map::Created, nmr_npis::ebpf::hook::EbpfResult> {
        // EBPF_OPERATION_NOT_SUPPORTED: say here how a map is kept.
        Err(nmr_npis::ebpf::hook::EbpfResult(18))
    }

    fn delete(&self, _map: map::MapContext) {}
}
",
};

const MSQUIC: Product = Product {
    module: "msquic",
    path: "msquic",
    role: Role::Client,
    not_the_other: "msquic.sys is its provider",
    npi: "msquic::Npi",
    options: "capacity: 8",
    items: "",
    shown: None,
    decision: "if peer.module_id() != Some(msquic::PROVIDER) {\n            return Err(Refusal::because(\"not \
               msquic.sys\"));\n        }",
    implementation: "",
};

const PROGRAM_INFORMATION: Product = Product {
    module: "program_information",
    path: "ebpf::program_information",
    role: Role::Provider,
    not_the_other: "eBPF's core is its client",
    npi: "program_information::Npi",
    options: "capacity: 64, characteristics: program_information::ProviderCharacteristics::new(&INFO, &ADDRESSES, 2)",
    items: "
/// What a program gets.
pub type Context = [u64; 2];

/// The type of programs, which is the module id of the registration.
const PROGRAM_TYPE: nmr::Guid = nmr::Guid::from_u128(0x{MODULE_ID});
static CONTEXT: program_information::ContextDescriptor = program_information::ContextDescriptor::of::<Context>();
static TYPE: program_information::ProgramTypeDescriptor =
    program_information::ProgramTypeDescriptor::new(c\"programs\", &CONTEXT, PROGRAM_TYPE, 1001);
/// The functions that programs may call: none yet.
static PROTOTYPES: [program_information::HelperPrototype; 0] = [];
static INFO: program_information::ProgramInfo = program_information::ProgramInfo::new(&TYPE, &PROTOTYPES);
static HELPERS: [program_information::Helper; 0] = [];
static ADDRESSES: program_information::HelperAddresses = program_information::HelperAddresses::new(&HELPERS);
",
    shown: None,
    decision: "",
    implementation: "",
};

const WSK: Product = Product {
    module: "wsk",
    path: "wsk",
    role: Role::Client,
    not_the_other: "Windows is its provider",
    npi: "wsk::Npi",
    options: "capacity: 8",
    items: "",
    shown: Some("wsk::ProviderCharacteristics"),
    decision: "peer.characteristics()?.require(wsk::VERSION)?;",
    implementation: "
/// A socket for datagrams. A thread of the driver's own opens it: `Datagrams::open(peer, &address, at)`, and it is closed when
/// it is dropped.
pub type Datagrams = wsk::DatagramSocket<nmr::Client<{BINDING}>, nmr_wdk::IoRequest>;

/// The same for streams: `Streams::connect(peer, &address, at)`.
pub type Streams = wsk::StreamSocket<nmr::Client<{BINDING}>, nmr_wdk::IoRequest>;
",
};

static PRODUCTS: [Product; 5] = [HOOK, MAP, MSQUIC, PROGRAM_INFORMATION, WSK];

/// XDP's table of an interface is filled in C's terms, which is not what a new driver begins with.
const XDP: &str = "the table of an interface, which xdp.sys asks its clients for, is made with unsafe code; \
                   crates/nmr-npis/tests/xdp shows a client";

/// The contracts of products that a new driver can begin with, and those of which it is known why not.
pub(super) fn contracts() -> impl Iterator<Item = Contract> {
    PRODUCTS.iter().map(contract).chain([xdp()])
}

fn contract(product: &'static Product) -> Contract {
    let obstacle = format!("{}; ask for --{} {}", product.not_the_other, product.role.word(), product.module);
    let other = Duties { obstacle: Some(obstacle), ..Duties::default() };
    let (provider, client) = match product.role {
        Role::Client => (other, Duties::default()),
        Role::Provider => (Duties::default(), other),
    };
    Contract {
        package: PACKAGE.to_owned(),
        module: product.module.to_owned(),
        provider,
        client,
        product: Some(product),
    }
}

fn xdp() -> Contract {
    let impossible = || Duties { obstacle: Some(XDP.to_owned()), ..Duties::default() };
    Contract {
        package: PACKAGE.to_owned(),
        module: "xdp".to_owned(),
        provider: Duties { obstacle: Some("xdp.sys is its provider".to_owned()), ..Duties::default() },
        client: impossible(),
        product: None,
    }
}
