//! An extension with one program type, one helper function and one hook.

#![expect(unsafe_code, reason = "a test writes into a program's context")]

use nmr::host::Host;
use nmr::{AtPassive, Guid, Offer, ProviderBinding, Refusal};
use nmr_npis::ebpf::hook::{self, EbpfResult};
use nmr_npis::ebpf::map::{self, Created, Element, MapContext, MapShape};
use nmr_npis::ebpf::program_information as program;
use nmr_sim::World;
use std::sync::atomic::{AtomicUsize, Ordering};

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
        provider maps: map::Npi<Maps> as Maps {
            capacity: 4,
            characteristics: map::ProviderCharacteristics::of(MAP_TYPE, 1),
        },
    }
}

/// Maps whose values are kept with a byte more, which counts.
pub const MAP_TYPE: u32 = 0x1001;

/// A client of the map type.
#[derive(Debug)]
pub struct Maps {
    pub gone: AtomicUsize,
}

impl ProviderBinding for Maps {
    type Driver = Extension;
    type Npi = map::Npi<Self>;

    fn attach(
        _: &'static Extension,
        _: &Offer<'_, map::ClientCharacteristics>,
        _: &AtPassive<'_>,
    ) -> Result<Self, Refusal> {
        Ok(Self { gone: AtomicUsize::new(0) })
    }
}

impl map::MapProvider for Maps {
    const UPDATES_VALUES: bool = true;

    fn create(&self, shape: &MapShape) -> Result<Created, EbpfResult> {
        match shape.value_size {
            0 => Err(EbpfResult(6)),
            size => Ok(Created { map: MapContext(0x77), value_size: size + 1 }),
        }
    }

    fn delete(&self, map: MapContext) {
        self.gone.fetch_add(map.0, Ordering::SeqCst);
    }

    fn updating(&self, element: &Element<'_>, kept: &mut [u8]) -> Result<(), EbpfResult> {
        let (last, value) = kept.split_last_mut().ok_or(EbpfResult(6))?;
        value.copy_from_slice(element.value);
        *last = element.key.len() as u8;
        Ok(())
    }

    fn deleted(&self, element: &Element<'_>) {
        self.gone.fetch_add(element.flags as usize, Ordering::SeqCst);
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
