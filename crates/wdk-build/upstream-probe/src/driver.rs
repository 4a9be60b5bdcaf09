//! The driver: one use of each upstream crate, and every routine the framework will ask wdk-sys for.
#![expect(unsafe_code, reason = "a driver without the framework is made of raw pointers and C calls")]

extern crate alloc;

use alloc::string::String;

use wdk_alloc::WdkAllocator;
use wdk_panic as _;
use wdk_sys::{
    DRIVER_OBJECT, IO_STATUS_BLOCK, KDPC, KEVENT, KSPIN_LOCK, KTIMER, NTSTATUS, PCUNICODE_STRING,
    STATUS_SUCCESS, STATUS_UNSUCCESSFUL, ULONG_PTR, ntddk,
};

#[global_allocator]
static ALLOCATOR: WdkAllocator = WdkAllocator;

/// The structures the framework embeds, so that the bindings of their layouts are compiled.
#[derive(Clone, Copy)]
#[repr(C)]
struct Embedded {
    lock: KSPIN_LOCK,
    event: KEVENT,
    timer: KTIMER,
    dpc: KDPC,
    status: IO_STATUS_BLOCK,
}

macro_rules! addresses {
    ($($routine:ident)*) => { [$(ntddk::$routine as *const () as usize),*] };
}

/// The routines the framework needs: named here, they are in the bindings; linked, they are in the import libraries.
fn routines() -> impl Iterator<Item = usize> {
    let routines = addresses! {
        DbgPrint DbgPrintEx ExAllocatePool2 ExFreePool ExFreePoolWithTag
        IoAllocateWorkItem IoCreateDevice IoCreateSymbolicLink IoDeleteDevice IoDeleteSymbolicLink IoFreeWorkItem
        IofCompleteRequest IoQueueWorkItem IoSetCompletionRoutineEx
        KeAcquireSpinLockAtDpcLevel KeAcquireSpinLockRaiseToDpc KeAreAllApcsDisabled KeBugCheckEx KeCancelTimer
        KeClearEvent KeDelayExecutionThread KeEnterCriticalRegion KeFlushQueuedDpcs KeGetCurrentIrql
        KeGetProcessorNumberFromIndex KeInitializeDpc KeInitializeEvent KeInitializeTimerEx KeInsertQueueDpc
        KeLeaveCriticalRegion KeLowerIrql KeQueryActiveProcessorCountEx KeQueryPerformanceCounter
        KeQueryTimeIncrement KeRaiseIrqlToDpcLevel KeReleaseSpinLock KeReleaseSpinLockFromDpcLevel
        KeRemoveQueueDpc KeResetEvent KeSetEvent KeSetImportanceDpc KeSetTargetProcessorDpcEx KeSetTimerEx
        KeWaitForMultipleObjects KeWaitForSingleObject KfRaiseIrql MmGetSystemRoutineAddress
        ObfDereferenceObject ObReferenceObjectByHandle PsCreateSystemThread PsTerminateSystemThread
        RtlInitUnicodeString ZwClose ZwCreateKey ZwDeleteValueKey ZwOpenKey ZwSetValueKey
    };
    routines.into_iter()
}

/// The entry point Windows calls.
///
/// # Safety
///
/// Called by the system alone, once, with a driver object that lives until `unload` returns.
#[unsafe(export_name = "DriverEntry")]
unsafe extern "system" fn driver_entry(
    driver: *mut DRIVER_OBJECT,
    _registry_path: PCUNICODE_STRING,
) -> NTSTATUS {
    // SAFETY: the system gives DriverEntry a valid driver object that nobody else uses before it returns.
    let driver = unsafe { &mut *driver };
    driver.DriverUnload = Some(unload);
    let embedded = size_of::<Embedded>();
    let text = alloc::format!(
        "{embedded} bytes embedded, {} routines found",
        routines().filter(|at| *at != 0).count()
    );
    wdk::println!("wdk-upstream-probe: {text}");
    if String::is_empty(&text) { STATUS_UNSUCCESSFUL } else { STATUS_SUCCESS }
}

unsafe extern "C" fn unload(_driver: *mut DRIVER_OBJECT) {
    wdk::println!("wdk-upstream-probe: unloading, {} bytes to a pointer", size_of::<ULONG_PTR>());
}
