//! XDP for Windows, as the driver of an interface: NMR's *client*, though it supplies the functions. xdp.sys is the provider,
//! which registers for one interface at a time.
//!
//! Sources: `published/external/xdp/control.h`, `apiversion.h` and `src/nmr` of microsoft/xdp-for-windows at eb7c50b, MIT
//! licence. XDP calls this NPI private and offers `XdpRegisterInterface` in a library instead.
//!
//! xdp.sys attaches a client whose instance has Version 1 ([`nmr::Npi::INSTANCE_VERSION`]), whose Number is the index of the
//! interface, and whose module id is the instance GUID of its capabilities. The index is known at run time, so declare
//! the registration `activate: later` and use [`nmr::InstanceIdentity`]. Then it asks for the interface's table by version.
//! That table, `XDP_INTERFACE_DISPATCH`, is a matter of XDP's data path and not described here.

#![expect(unsafe_code, reason = "hands XDP the address of an interface's table")]

mod contract;

pub use contract::xdp::{ClientCharacteristics, Version};
use core::ffi::c_void;
use nmr::abi::NpiId;
use nmr::{ClientBinding, ClientTable, NoCalls, NoCharacteristics, RevisionHeader, Status};

/// The version of the driver API whose headers were read.
pub const DRIVER_API: Version = Version { major: 0, minor: 10, patch: 0 };

/// Stands for XDP in declarations.
#[derive(Clone, Copy, Debug)]
pub struct Npi;

// SAFETY: no provider hands out a table, and the client's is `XDP_NPI_CLIENT`.
unsafe impl nmr::Npi for Npi {
    const ID: NpiId = <contract::xdp::Npi as nmr::Npi>::ID;
    const NAME: &'static str = "xdp";
    const INSTANCE_VERSION: u16 = 1;
    type ProviderCalls = NoCalls;
    type ClientCalls = NoCalls;
    type ProviderCharacteristics = NoCharacteristics;
    type ClientCharacteristics = ClientCharacteristics;
}

/// What an interface answers when XDP asks for its table.
#[derive(Clone, Copy, Debug)]
pub struct InterfaceTable {
    context: *mut c_void,
    dispatch: *const c_void,
}

impl InterfaceTable {
    /// `dispatch`, whose functions take `context` first.
    ///
    /// # Safety
    /// `dispatch` is an `XDP_INTERFACE_DISPATCH` of the version that was asked for, and it and `context` stay valid until the
    /// binding is cleaned up.
    pub const unsafe fn new(context: *mut c_void, dispatch: *const c_void) -> Self {
        Self { context, dispatch }
    }
}

/// A client binding of XDP: the driver of an interface.
pub trait Interface: ClientBinding {
    /// The interface's table in `version` of the driver API; `None` if it does not speak that. IRQL = PASSIVE_LEVEL.
    fn table(version: &Version) -> Option<InterfaceTable>;
}

/// `XDP_NPI_CLIENT`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ClientDispatch {
    /// Revision 1 and the size.
    pub header: RevisionHeader,
    /// Passed to the function.
    pub context: *mut c_void,
    /// `XDP_GET_INTERFACE_DISPATCH`.
    pub get_interface_dispatch: unsafe extern "system" fn(
        *const Version,
        *mut c_void,
        *mut *mut c_void,
        *mut *const c_void,
    ) -> Status,
}

// SAFETY: `XDP_NPI_CLIENT`, whose function takes no binding context.
unsafe impl<B: Interface> ClientTable<B> for Npi {
    fn client_table(_: u16) -> *const c_void {
        core::ptr::from_ref(const { &ClientDispatch::of::<B>() }).cast()
    }
}

impl ClientDispatch {
    const fn of<B: Interface>() -> Self {
        Self {
            header: RevisionHeader { revision: 1, size: size_of::<Self>() as u32 },
            context: core::ptr::null_mut(),
            get_interface_dispatch: get_interface_dispatch::<B>,
        }
    }
}

unsafe extern "system" fn get_interface_dispatch<B: Interface>(
    version: *const Version,
    _: *mut c_void,
    context: *mut *mut c_void,
    dispatch: *mut *const c_void,
) -> Status {
    // SAFETY: XDP passes a version.
    let version = unsafe { version.read() };
    let Some(table) = B::table(&version) else { return Status::NOT_SUPPORTED };
    // SAFETY: XDP passes a place for it.
    unsafe { context.write(table.context) };
    // SAFETY: as above.
    unsafe { dispatch.write(table.dispatch) };
    Status::SUCCESS
}

crate::layout!(Version: 12, minor at 4, patch at 8);
crate::layout!(nmr::Published<ClientCharacteristics, RevisionHeader>: 60);
crate::layout!(ClientCharacteristics: 52, kit at 8, instance at 20, speaks at 40);
crate::layout!(ClientDispatch: 24, context at 8, get_interface_dispatch at 16);
