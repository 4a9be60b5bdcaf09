//! Wine's own ntoskrnl.exe, under the name that the lab gives its copy.

#![expect(unsafe_code, reason = "finds routines in libraries by name")]

use std::ffi::{CString, c_void};

use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetProcAddress};

/// The copy's name.
const COPY: &str = "wntoskrn.dll";
/// Our Network Module Registrar.
const REGISTRAR: &str = "netio.sys";

/// The routine of this name in Wine's ntoskrnl.exe; NULL if it has none.
pub(crate) fn routine(name: &str) -> *const c_void {
    routine_of(COPY, name)
}

/// The routine of this name in a library that is loaded; NULL if there is none.
pub(crate) fn routine_of(library: &str, name: &str) -> *const c_void {
    let (Ok(library), Ok(name)) = (CString::new(library), CString::new(name)) else {
        return std::ptr::null();
    };
    // SAFETY: a NUL-terminated name.
    let module = unsafe { GetModuleHandleA(library.as_ptr().cast()) };
    // SAFETY: a module or NULL, and a NUL-terminated name.
    let found = unsafe { GetProcAddress(module, name.as_ptr().cast()) };
    found.map_or(std::ptr::null(), |routine| routine as *const c_void)
}

/// Declares functions that call the routines of a library with the given names.
macro_rules! routines_of {
    ($library:ident: $($(#[$doc:meta])* fn $name:ident = $routine:literal ($($argument:ident: $type:ty),*) $(-> $result:ty)?;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// As for the kernel's routine.
        #[allow(clippy::too_many_arguments, reason = "as many as the kernel's routine has")]
        pub(crate) unsafe fn $name($($argument: $type),*) $(-> $result)? {
            static FOUND: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
            let address = *FOUND.get_or_init(|| routine_of($library, $routine).expose_provenance());
            assert_ne!(address, 0, concat!("there is no ", $routine));
            type Routine = unsafe extern "system" fn($($type),*) $(-> $result)?;
            let address = std::ptr::with_exposed_provenance::<c_void>(address);
            // SAFETY: the routine has this name in the kernel's interface, and so these parameters.
            let routine = unsafe { std::mem::transmute::<*const c_void, Routine>(address) };
            // SAFETY: the contract of this function.
            unsafe { routine($($argument),*) }
        }
    )*};
}

routines_of! { COPY:
    /// `KeWaitForSingleObject`.
    fn wait_for_single = "KeWaitForSingleObject"(object: *mut c_void, reason: u32, mode: u8, alertable: u8, timeout: *const i64) -> i32;
    /// `KeWaitForMultipleObjects`.
    fn wait_for_multiple = "KeWaitForMultipleObjects"(count: u32, objects: *const *mut c_void, kind: u32, reason: u32, mode: u8, alertable: u8, timeout: *const i64, blocks: *mut c_void) -> i32;
    /// `KeSetEvent`.
    fn set_event = "KeSetEvent"(event: *mut c_void, increment: i32, wait: u8) -> i32;
    /// `PsCreateSystemThread`.
    fn create_system_thread = "PsCreateSystemThread"(handle: *mut *mut c_void, access: u32, attributes: *const c_void, process: *mut c_void, client: *mut c_void, start: unsafe extern "system" fn(*mut c_void), context: *mut c_void) -> i32;
    /// `PsTerminateSystemThread`.
    fn terminate_system_thread = "PsTerminateSystemThread"(status: i32) -> i32;
    /// `ExAllocatePoolWithTag`.
    fn allocate_pool = "ExAllocatePoolWithTag"(kind: u32, size: usize, tag: u32) -> *mut c_void;
    /// `ExFreePoolWithTag`.
    fn free_pool = "ExFreePoolWithTag"(block: *mut c_void, tag: u32);
    /// `IoCreateDevice`.
    fn create_device = "IoCreateDevice"(driver: *mut c_void, extension: u32, name: *const c_void, kind: u32, characteristics: u32, exclusive: u8, device: *mut *mut c_void) -> i32;
    /// `IoDeleteDevice`.
    fn delete_device = "IoDeleteDevice"(device: *mut c_void);
    /// `IoCreateSymbolicLink`.
    fn create_link = "IoCreateSymbolicLink"(link: *const c_void, target: *const c_void) -> i32;
    /// `IoDeleteSymbolicLink`.
    fn delete_link = "IoDeleteSymbolicLink"(link: *const c_void) -> i32;
    /// `IofCompleteRequest`.
    fn complete_request = "IofCompleteRequest"(request: *mut c_void, boost: i8);
    /// `IoAllocateIrp`.
    fn allocate_irp = "IoAllocateIrp"(stack_size: i8, quota: u8) -> *mut c_void;
    /// `IoFreeIrp`.
    fn free_irp = "IoFreeIrp"(irp: *mut c_void);
    /// `IoAllocateMdl`.
    fn allocate_mdl = "IoAllocateMdl"(address: *mut c_void, length: u32, secondary: u8, quota: u8, irp: *mut c_void) -> *mut c_void;
    /// `IoFreeMdl`.
    fn free_mdl = "IoFreeMdl"(mdl: *mut c_void);
    /// `IoAllocateWorkItem`.
    fn allocate_work_item = "IoAllocateWorkItem"(device: *mut c_void) -> *mut c_void;
    /// `IoFreeWorkItem`.
    fn free_work_item = "IoFreeWorkItem"(item: *mut c_void);
    /// `ZwLoadDriver`.
    fn load_driver = "ZwLoadDriver"(service: *const c_void) -> i32;
    /// `ZwUnloadDriver`.
    fn unload_driver = "ZwUnloadDriver"(service: *const c_void) -> i32;
}

routines_of! { REGISTRAR:
    /// `NmrClientDetachProviderComplete`.
    fn client_detach_complete = "NmrClientDetachProviderComplete"(binding: *mut c_void);
    /// `NmrDeregisterClient`.
    fn deregister_client = "NmrDeregisterClient"(handle: *mut c_void) -> i32;
    /// `NmrDeregisterProvider`.
    fn deregister_provider = "NmrDeregisterProvider"(handle: *mut c_void) -> i32;
    /// `NmrWaitForClientDeregisterComplete`.
    fn wait_for_client = "NmrWaitForClientDeregisterComplete"(handle: *mut c_void) -> i32;
    /// `NmrWaitForProviderDeregisterComplete`.
    fn wait_for_provider = "NmrWaitForProviderDeregisterComplete"(handle: *mut c_void) -> i32;
    /// `NmrProviderDetachClientComplete`.
    fn provider_detach_complete = "NmrProviderDetachClientComplete"(binding: *mut c_void);
}
