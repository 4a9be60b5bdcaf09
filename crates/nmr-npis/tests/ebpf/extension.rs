//! An extension with one program type, one helper function and one hook.

#![expect(unsafe_code, reason = "a test writes into a program's context")]

use nmr::host::Host;
use nmr::{AtPassive, Guid, Offer, ProviderBinding, Refusal};
use nmr_npis::ebpf::{hook, program_information as program};
use nmr_sim::World;

pub const PROGRAM_TYPE: Guid = Guid::from_u128(0x5c3a_d01c_2a0e_4d9c_9d77_0d3f_0b5f_5c60);
pub const HOOK: Guid = Guid::from_u128(0x5c3a_d01c_2a0e_4d9c_9d77_0d3f_0b5f_5c61);

static CONTEXT: program::ContextDescriptor = program::ContextDescriptor::of::<[u64; 2]>();
static TYPE: program::ProgramTypeDescriptor =
    program::ProgramTypeDescriptor::new(c"adder", &CONTEXT, PROGRAM_TYPE, 1001);
static PROTOTYPES: [program::HelperPrototype; 1] = [program::HelperPrototype::new(
    program::FIRST_HELPER,
    c"bpf_add",
    program::ReturnType::INTEGER,
    [program::ArgumentType::DONT_CARE; 5],
)];
static INFO: program::ProgramInfo = program::ProgramInfo::new(&TYPE, &PROTOTYPES);
static HELPERS: [program::Helper; 1] = [add];
static ADDRESSES: program::HelperAddresses = program::HelperAddresses::new(&HELPERS);

extern "C" fn add(first: u64, second: u64, _: u64, _: u64, _: u64) -> u64 {
    first + second
}

nmr::driver! {
    /// The extension.
    pub driver Extension {
        module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c62",
        system: Host<World>,

        provider programs: program::Npi as Program {
            capacity: 8,
            module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c60",
            characteristics: program::ProviderCharacteristics::new(&INFO, &ADDRESSES, 2),
        },
        provider hook: hook::Npi as Link {
            capacity: 8,
            module_id: "5c3ad01c-2a0e-4d9c-9d77-0d3f0b5f5c61",
            characteristics: hook::ProviderCharacteristics {
                supported_program_type: PROGRAM_TYPE, bpf_attach_type: 1001, link_type: 1,
            },
        },
    }
}

/// A program.
#[derive(Debug)]
pub struct Program;

impl ProviderBinding for Program {
    type Driver = Extension;
    type Npi = program::Npi;

    fn attach(_: &'static Extension, _: &Offer<'_>, _: &AtPassive<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

/// A program that is attached.
#[derive(Debug)]
pub struct Link {
    pub flags: u64,
}

impl ProviderBinding for Link {
    type Driver = Extension;
    type Npi = hook::Npi;

    fn attach(
        _: &'static Extension,
        link: &Offer<'_, hook::ClientCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        Ok(Self { flags: link.characteristics()?.prog_attach_flags })
    }
}

/// As a program does it.
pub fn write(place: *mut u64, value: u64) {
    // SAFETY: the tests write into the context that they were given.
    unsafe { place.write(value) };
}
