//! The table of the routines that are checked: where each may be called, and who does its work.
//!
//! The limits are those of Microsoft's documentation, in which routine `KeSetEvent` of header `wdm` has the page
//! `https://learn.microsoft.com/windows-hardware/drivers/ddi/wdm/nf-wdm-kesetevent`; the header of each group of rows
//! stands before it. A routine that has no page (`KfRaiseIrql`, `IofCompleteRequest`, `ObfDereferenceObject`) stands
//! behind a macro that has, and has its limit.
//!
//! Routines that may be called at any level and that nothing else is done about are in [`UNLIMITED`].

/// Routines without a limit, which go to Wine directly, and data. Those that write strings or copy memory may be called where that
/// memory may be touched, which is not checked.
pub(crate) const UNLIMITED: &[&str] = &[
    "DbgPrint",
    "DbgPrintEx",
    "ExEventObjectType",
    "IoDeviceObjectType",
    "IoFileObjectType",
    "vDbgPrintEx",
    "KeBugCheck",
    "KeBugCheckEx",
    "KeQueryPerformanceCounter",
    "PsThreadType",
    "RtlAppendUnicodeStringToString",
    "RtlAppendUnicodeToString",
    "RtlCompareMemory",
    "RtlCopyUnicodeString",
    "RtlInitAnsiString",
    "RtlInitUnicodeString",
    "SeExports",
    "SeTokenObjectType",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "strlen",
    "wcslen",
];

/// Hands the table to a macro.
macro_rules! routines {
    ($consume:ident) => {
        $consume! {
            // wdm, ntddk, ntifs: levels.
            KeGetCurrentIrql, Limit::Any, Target::Own(|| crate::irql::get_current as *const c_void);
            KfRaiseIrql, Limit::Any, Target::Own(|| crate::irql::raise_checked as *const c_void);
            KeRaiseIrql, Limit::Any, Target::Own(|| crate::irql::raise_into as *const c_void);
            KeRaiseIrqlToDpcLevel, Limit::AtMost(DISPATCH), Target::Own(|| crate::irql::raise_to_dispatch as *const c_void);
            KeLowerIrql, Limit::Any, Target::Own(|| crate::irql::lower_checked as *const c_void);
            // wdm: spin locks.
            KeAcquireSpinLockRaiseToDpc, Limit::AtMost(DISPATCH), Target::Own(|| crate::spin_lock::acquire_raising as *const c_void);
            KeReleaseSpinLock, Limit::AtLeast(DISPATCH), Target::Own(|| crate::spin_lock::release_lowering as *const c_void);
            KeAcquireSpinLockAtDpcLevel, Limit::AtLeast(DISPATCH), Target::Own(|| crate::spin_lock::acquire as *const c_void);
            KeTryToAcquireSpinLockAtDpcLevel, Limit::AtLeast(DISPATCH), Target::Own(|| crate::spin_lock::try_acquire as *const c_void);
            KeReleaseSpinLockFromDpcLevel, Limit::AtLeast(DISPATCH), Target::Own(|| crate::spin_lock::release as *const c_void);
            // wdm, ntddk, ntifs: processors.
            KeGetCurrentProcessorNumberEx, Limit::Any, Target::Own(|| crate::processors::get_current_number as *const c_void);
            KeQueryActiveProcessorCountEx, Limit::Any, Target::Own(|| crate::processors::count_in_group as *const c_void);
            KeQueryMaximumProcessorCountEx, Limit::Any, Target::Own(|| crate::processors::count_in_group as *const c_void);
            KeQueryActiveProcessorCount, Limit::Any, Target::Own(|| crate::processors::count_and_mask as *const c_void);
            KeQueryMaximumProcessorCount, Limit::Any, Target::Own(|| crate::processors::count_most as *const c_void);
            KeGetProcessorNumberFromIndex, Limit::Any, Target::Own(|| crate::processors::number_from_index as *const c_void);
            KeGetProcessorIndexFromNumber, Limit::Any, Target::Own(|| crate::processors::index_from_number as *const c_void);
            // wdm, ntddk: DPCs.
            KeInitializeDpc, Limit::Any, Target::Own(|| crate::dpc::initialize as *const c_void);
            KeInsertQueueDpc, Limit::Any, Target::Own(|| crate::dpc::insert as *const c_void);
            KeRemoveQueueDpc, Limit::Any, Target::Own(|| crate::dpc::remove as *const c_void);
            KeSetImportanceDpc, Limit::Any, Target::Own(|| crate::dpc::set_importance as *const c_void);
            KeSetTargetProcessorDpc, Limit::Any, Target::Own(|| crate::dpc::set_target as *const c_void);
            KeSetTargetProcessorDpcEx, Limit::Any, Target::Own(|| crate::dpc::set_target_number as *const c_void);
            KeFlushQueuedDpcs, Limit::AtMost(PASSIVE), Target::Own(|| crate::dpc::flush as *const c_void);
            // wdm: timers.
            KeInitializeTimer, Limit::AtMost(DISPATCH), Target::Own(|| crate::timer::initialize as *const c_void);
            KeInitializeTimerEx, Limit::AtMost(DISPATCH), Target::Own(|| crate::timer::initialize_kind as *const c_void);
            KeSetTimer, Limit::AtMost(DISPATCH), Target::Own(|| crate::timer::set_once as *const c_void);
            KeSetTimerEx, Limit::AtMost(DISPATCH), Target::Own(|| crate::timer::set as *const c_void);
            KeSetCoalescableTimer, Limit::AtMost(DISPATCH), Target::Own(|| crate::timer::set_coalescable as *const c_void);
            KeCancelTimer, Limit::AtMost(DISPATCH), Target::Own(|| crate::timer::cancel as *const c_void);
            KeReadStateTimer, Limit::AtMost(DISPATCH), Target::Own(|| crate::timer::read_state as *const c_void);
            // wdm, ntddk, ntifs: time.
            KeQueryInterruptTime, Limit::Any, Target::Own(|| crate::clock::interrupt_time as *const c_void);
            KeQueryInterruptTimePrecise, Limit::Any, Target::Own(|| crate::clock::interrupt_time_precise as *const c_void);
            KeQuerySystemTimePrecise, Limit::Any, Target::Own(|| crate::clock::system_time_precise as *const c_void);
            KeQueryTimeIncrement, Limit::Any, Target::Wine;
            KeStallExecutionProcessor, Limit::Any, Target::Own(|| crate::clock::stall as *const c_void);
            // wdm: events and waits.
            KeInitializeEvent, Limit::Any, Target::Wine;
            KeSetEvent, Limit::NoWaitAfter { wait: 2 }, Target::Own(|| crate::linger::set_event as *const c_void);
            KeResetEvent, Limit::AtMost(DISPATCH), Target::Wine;
            KeClearEvent, Limit::AtMost(DISPATCH), Target::Wine;
            KePulseEvent, Limit::NoWaitAfter { wait: 2 }, Target::Wine;
            KeReadStateEvent, Limit::AtMost(DISPATCH), Target::Wine;
            KeInitializeMutex, Limit::Any, Target::Wine;
            KeReleaseMutex, Limit::NoWaitAfter { wait: 1 }, Target::Wine;
            KeInitializeSemaphore, Limit::AtMost(PASSIVE), Target::Wine;
            KeReleaseSemaphore, Limit::NoWaitAfter { wait: 3 }, Target::Wine;
            KeWaitForSingleObject, Limit::Wait { timeout: 4 }, Target::Own(|| crate::wait::for_one as *const c_void);
            KeWaitForMultipleObjects, Limit::Wait { timeout: 6 }, Target::Own(|| crate::wait::for_several as *const c_void);
            KeDelayExecutionThread, Limit::AtMost(APC), Target::Wine;
            ExAcquireFastMutex, Limit::AtMost(APC), Target::Wine;
            ExReleaseFastMutex, Limit::AtMost(APC), Target::Wine;
            // wdm, ntddk: threads.
            KeGetCurrentThread, Limit::Any, Target::Wine;
            PsGetCurrentThread, Limit::Any, Target::Wine;
            PsGetCurrentThreadId, Limit::Any, Target::Wine;
            PsGetCurrentProcessId, Limit::Any, Target::Wine;
            PsCreateSystemThread, Limit::AtMost(PASSIVE), Target::Own(|| crate::system_thread::create as *const c_void);
            PsTerminateSystemThread, Limit::AtMost(PASSIVE), Target::Own(|| crate::system_thread::terminate as *const c_void);
            KeAreApcsDisabled, Limit::AtMost(DISPATCH), Target::Wine;
            KeAreAllApcsDisabled, Limit::AtMost(DISPATCH), Target::Wine;
            ExGetPreviousMode, Limit::AtMost(DISPATCH), Target::Wine;
            PsGetProcessId, Limit::Any, Target::Wine;
            IoGetCurrentProcess, Limit::Any, Target::Wine;
            IoGetRequestorProcess, Limit::AtMost(DISPATCH), Target::Wine;
            KeSetPriorityThread, Limit::AtMost(PASSIVE), Target::Wine;
            KeEnterCriticalRegion, Limit::AtMost(APC), Target::Own(|| crate::critical_region::enter as *const c_void);
            KeLeaveCriticalRegion, Limit::AtMost(APC), Target::Own(|| crate::critical_region::leave as *const c_void);
            // wdm, ntddk: pool.
            ExAllocatePool, Limit::Pool { paged: PAGED_TYPE }, Target::Own(|| crate::pool::allocate as *const c_void);
            ExAllocatePoolWithTag, Limit::Pool { paged: PAGED_TYPE }, Target::Own(|| crate::pool::allocate_tagged as *const c_void);
            ExAllocatePool2, Limit::Pool { paged: PAGED_FLAG }, Target::Own(|| crate::pool::allocate_zeroed as *const c_void);
            ExFreePool, Limit::AtMost(DISPATCH), Target::Own(|| crate::pool::free as *const c_void);
            ExFreePoolWithTag, Limit::AtMost(DISPATCH), Target::Own(|| crate::pool::free_tagged as *const c_void);
            // wdm: rundown protection.
            ExInitializeRundownProtection, Limit::AtMost(APC), Target::Own(|| crate::rundown::initialize as *const c_void);
            ExReInitializeRundownProtection, Limit::AtMost(APC), Target::Own(|| crate::rundown::initialize as *const c_void);
            ExAcquireRundownProtection, Limit::AtMost(DISPATCH), Target::Own(|| crate::rundown::acquire as *const c_void);
            ExAcquireRundownProtectionEx, Limit::AtMost(DISPATCH), Target::Own(|| crate::rundown::acquire_several as *const c_void);
            ExReleaseRundownProtection, Limit::AtMost(DISPATCH), Target::Own(|| crate::rundown::release as *const c_void);
            ExReleaseRundownProtectionEx, Limit::AtMost(DISPATCH), Target::Own(|| crate::rundown::release_several as *const c_void);
            ExWaitForRundownProtectionRelease, Limit::AtMost(APC), Target::Own(|| crate::rundown::wait as *const c_void);
            ExRundownCompleted, Limit::AtMost(APC), Target::Own(|| crate::rundown::completed as *const c_void);
            // wdm, ntifs: objects and handles.
            ObReferenceObjectByHandle, Limit::AtMost(PASSIVE), Target::Wine;
            ObReferenceObjectByPointer, Limit::AtMost(DISPATCH), Target::Wine;
            ObGetObjectSecurity, Limit::AtMost(PASSIVE), Target::Wine;
            ObfReferenceObject, Limit::AtMost(DISPATCH), Target::Wine;
            ObfDereferenceObject, Limit::AtMost(DISPATCH), Target::Wine;
            ObOpenObjectByPointer, Limit::AtMost(APC), Target::Wine;
            ZwClose, Limit::AtMost(PASSIVE), Target::Wine;
            ZwOpenKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwCreateKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwSetValueKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwQueryValueKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwDeleteValueKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwDeleteKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwCreateFile, Limit::AtMost(PASSIVE), Target::Wine;
            ZwReadFile, Limit::AtMost(PASSIVE), Target::Wine;
            ZwDeviceIoControlFile, Limit::AtMost(PASSIVE), Target::Wine;
            ZwWriteFile, Limit::AtMost(PASSIVE), Target::Wine;
            ZwQueryKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwEnumerateKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwEnumerateValueKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwFlushKey, Limit::AtMost(PASSIVE), Target::Wine;
            ZwQuerySecurityObject, Limit::AtMost(PASSIVE), Target::Wine;
            ZwSetSecurityObject, Limit::AtMost(PASSIVE), Target::Wine;
            ZwWaitForSingleObject, Limit::AtMost(PASSIVE), Target::Wine;
            // wdm: devices and requests.
            IoCreateDevice, Limit::AtMost(APC), Target::Own(|| crate::device::create as *const c_void);
            IoDeleteDevice, Limit::AtMost(APC), Target::Own(|| crate::device::delete as *const c_void);
            IoCreateSymbolicLink, Limit::AtMost(PASSIVE), Target::Own(|| crate::device::create_link as *const c_void);
            IoDeleteSymbolicLink, Limit::AtMost(PASSIVE), Target::Own(|| crate::device::delete_link as *const c_void);
            IoAllocateIrp, Limit::AtMost(DISPATCH), Target::Own(|| crate::request::allocate_irp as *const c_void);
            IoReuseIrp, Limit::AtMost(DISPATCH), Target::Wine;
            IoCancelIrp, Limit::AtMost(DISPATCH), Target::Wine;
            IofCompleteRequest, Limit::AtMost(DISPATCH), Target::Wine;
            IoFreeIrp, Limit::AtMost(DISPATCH), Target::Own(|| crate::request::free_irp as *const c_void);
            IoAllocateMdl, Limit::AtMost(DISPATCH), Target::Own(|| crate::request::allocate_mdl as *const c_void);
            IoFreeMdl, Limit::AtMost(DISPATCH), Target::Own(|| crate::request::free_mdl as *const c_void);
            MmBuildMdlForNonPagedPool, Limit::AtMost(DISPATCH), Target::Own(|| crate::request::build_mdl as *const c_void);
            IoAllocateWorkItem, Limit::AtMost(DISPATCH), Target::Own(|| crate::work_item::allocate as *const c_void);
            IoQueueWorkItem, Limit::AtMost(DISPATCH), Target::Wine;
            IoFreeWorkItem, Limit::AtMost(DISPATCH), Target::Own(|| crate::work_item::free as *const c_void);
            IoRegisterShutdownNotification, Limit::AtMost(PASSIVE), Target::Wine;
            KeRegisterBugCheckReasonCallback, Limit::Any, Target::Wine;
            KeDeregisterBugCheckReasonCallback, Limit::Any, Target::Wine;
            ProbeForRead, Limit::AtMost(APC), Target::Wine;
            ProbeForWrite, Limit::AtMost(APC), Target::Wine;
            MmGetSystemRoutineAddress, Limit::AtMost(PASSIVE), Target::Wine;
            // wdm: events for tracing.
            EtwRegister, Limit::AtMost(PASSIVE), Target::Own(|| crate::etw::register as *const c_void);
            EtwUnregister, Limit::AtMost(PASSIVE), Target::Own(|| crate::etw::unregister as *const c_void);
            EtwSetInformation, Limit::AtMost(PASSIVE), Target::Own(|| crate::etw::set_information as *const c_void);
            EtwWrite, Limit::Any, Target::Own(|| crate::etw::write as *const c_void);
            EtwWriteTransfer, Limit::Any, Target::Own(|| crate::etw::write_transfer as *const c_void);
            EtwEventEnabled, Limit::Any, Target::Own(|| crate::etw::event_enabled as *const c_void);
            EtwProviderEnabled, Limit::Any, Target::Own(|| crate::etw::provider_enabled as *const c_void);
            // wdm, ntifs: security.
            SeTokenIsAdmin, Limit::AtMost(PASSIVE), Target::Own(|| crate::security::token_is_admin as *const c_void);
            SeCaptureSubjectContext, Limit::AtMost(PASSIVE), Target::Wine;
            SeReleaseSubjectContext, Limit::AtMost(PASSIVE), Target::Wine;
            SeLockSubjectContext, Limit::AtMost(PASSIVE), Target::Wine;
            SeUnlockSubjectContext, Limit::AtMost(PASSIVE), Target::Wine;
            RtlCreateSecurityDescriptor, Limit::AtMost(PASSIVE), Target::Wine;
            RtlSetDaclSecurityDescriptor, Limit::AtMost(PASSIVE), Target::Wine;
            RtlSetOwnerSecurityDescriptor, Limit::AtMost(APC), Target::Wine;
            RtlCreateAcl, Limit::AtMost(APC), Target::Wine;
            RtlAddAccessAllowedAce, Limit::AtMost(APC), Target::Wine;
            RtlInitializeSid, Limit::AtMost(APC), Target::Wine;
            RtlSubAuthoritySid, Limit::AtMost(APC), Target::Wine;
            RtlLengthSid, Limit::AtMost(APC), Target::Wine;
            RtlLengthRequiredSid, Limit::AtMost(APC), Target::Wine;
            RtlSetGroupSecurityDescriptor, Limit::AtMost(APC), Target::Wine;
            RtlAbsoluteToSelfRelativeSD, Limit::AtMost(APC), Target::Wine;
            RtlLengthSecurityDescriptor, Limit::AtMost(PASSIVE), Target::Wine;
            RtlValidSid, Limit::AtMost(APC), Target::Wine;
            RtlCopySid, Limit::AtMost(APC), Target::Wine;
            RtlEqualSid, Limit::Any, Target::Wine;
            SeAccessCheck, Limit::AtMost(PASSIVE), Target::Wine;
            SeQueryInformationToken, Limit::AtMost(PASSIVE), Target::Wine;
            PsReferencePrimaryToken, Limit::AtMost(PASSIVE), Target::Wine;
            PsDereferencePrimaryToken, Limit::AtMost(APC), Target::Wine;
            RtlGetVersion, Limit::AtMost(PASSIVE), Target::Wine;
            RtlQueryRegistryValues, Limit::AtMost(PASSIVE), Target::Wine;
            RtlDeleteRegistryValue, Limit::AtMost(PASSIVE), Target::Wine;
            RtlAnsiStringToUnicodeString, Limit::AtMost(PASSIVE), Target::Wine;
            RtlUnicodeStringToAnsiString, Limit::AtMost(PASSIVE), Target::Wine;
            RtlFreeUnicodeString, Limit::AtMost(APC), Target::Wine;
            RtlEqualUnicodeString, Limit::AtMost(PASSIVE), Target::Wine;
            RtlCompareUnicodeString, Limit::AtMost(PASSIVE), Target::Wine;
            RtlStringFromGUID, Limit::AtMost(PASSIVE), Target::Wine;
            RtlGUIDFromString, Limit::AtMost(PASSIVE), Target::Wine;
            RtlWriteRegistryValue, Limit::AtMost(PASSIVE), Target::Wine;
            RtlIntegerToUnicodeString, Limit::AtMost(PASSIVE), Target::Wine;
            // netioddk: the nine functions of NETIO.SYS.
            NmrRegisterClient, Limit::AtMost(PASSIVE), Target::Library("netio.sys");
            NmrRegisterProvider, Limit::AtMost(PASSIVE), Target::Library("netio.sys");
            NmrDeregisterClient, Limit::AtMost(DISPATCH), Target::Own(|| crate::failing::deregister_client as *const c_void);
            NmrDeregisterProvider, Limit::AtMost(DISPATCH), Target::Own(|| crate::failing::deregister_provider as *const c_void);
            NmrWaitForClientDeregisterComplete, Limit::AtMost(APC), Target::Own(|| crate::failing::wait_for_client as *const c_void);
            NmrWaitForProviderDeregisterComplete, Limit::AtMost(APC), Target::Own(|| crate::failing::wait_for_provider as *const c_void);
            NmrClientAttachProvider, Limit::AtMost(PASSIVE), Target::Library("netio.sys");
            NmrClientDetachProviderComplete, Limit::AtMost(DISPATCH), Target::Own(|| crate::linger::client_detach_complete as *const c_void);
            NmrProviderDetachClientComplete, Limit::AtMost(DISPATCH), Target::Own(|| crate::linger::provider_detach_complete as *const c_void);
            // Not for drivers: what Wine loads and unloads drivers with.
            ZwLoadDriver, Limit::Any, Target::Own(|| crate::service::load as *const c_void);
            ZwUnloadDriver, Limit::Any, Target::Own(|| crate::service::unload as *const c_void);
        }
    };
}
pub(crate) use routines;
