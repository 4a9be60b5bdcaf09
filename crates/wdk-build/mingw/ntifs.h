/*
 * Stands before mingw-w64's own ntifs.h, which it includes, and adds what wdk-sys and its users expect of a WDK.
 *
 * 1. On x86-64 mingw-w64 makes the IRQL routines inline functions that use the CR8 register. bindgen skips inline
 *    functions; a WDK's bindings have these routines, and ntoskrnl.exe exports them. So the inline ones are given
 *    other names while the header is read, and the exported ones are declared afterwards.
 * 2. mingw-w64 10 does not know ExAllocatePool2. Where newer headers do, these declarations agree with theirs.
 */
#ifndef NMR_NTIFS_H
#define NMR_NTIFS_H

#define KeGetCurrentIrql mingw_inline_KeGetCurrentIrql
#define KeLowerIrql mingw_inline_KeLowerIrql
#define KfRaiseIrql mingw_inline_KfRaiseIrql
#define KeRaiseIrqlToDpcLevel mingw_inline_KeRaiseIrqlToDpcLevel
#include_next <ntifs.h>
#undef KeGetCurrentIrql
#undef KeLowerIrql
#undef KfRaiseIrql
#undef KeRaiseIrqlToDpcLevel

NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID);
NTKERNELAPI VOID NTAPI KeLowerIrql(KIRQL NewIrql);
NTKERNELAPI KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql);
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID);

typedef ULONG64 POOL_FLAGS;
NTKERNELAPI PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag);

#endif
