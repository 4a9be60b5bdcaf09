//! The way from one driver's import to a gate. A return address does not tell who calls: a driver whose last act is to
//! call the kernel jumps there, and the kernel returns to whoever called the driver. So each import of each image leads
//! to a few instructions of its own, which know the image.

#![expect(unsafe_code, reason = "writes instructions, and passes parameters on untouched")]

use std::ffi::c_void;

use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_RESERVE, PAGE_EXECUTE_READ, PAGE_READWRITE, VirtualAlloc, VirtualProtect,
};

use crate::gate::{self, Frame};
use crate::images::Image;

/// The length of the instructions, rounded up.
const LENGTH: usize = 32;

/// An import: which image, and the index of the routine.
#[repr(C)]
struct Import {
    base: usize,
    size: usize,
    routine: u32,
}

/// What the common part of all stubs asks first. Answers where to go on.
extern "system" fn enter(import: &Import, frame: &Frame) -> *const c_void {
    let returns_to = frame.caller();
    let in_image = returns_to.wrapping_sub(import.base) < import.size;
    gate::enter_from(import.routine, frame, if in_image { returns_to } else { import.base })
}

/// The common part: as a gate, with the import in r10.
#[unsafe(naked)]
unsafe extern "system" fn common() {
    std::arch::naked_asm!(
        "sub rsp, 0x48",
        "mov [rsp + 0x20], rcx",
        "mov [rsp + 0x28], rdx",
        "mov [rsp + 0x30], r8",
        "mov [rsp + 0x38], r9",
        "mov rcx, r10",
        "lea rdx, [rsp + 0x20]",
        "call {enter}",
        "mov rcx, [rsp + 0x20]",
        "mov rdx, [rsp + 0x28]",
        "mov r8, [rsp + 0x30]",
        "mov r9, [rsp + 0x38]",
        "add rsp, 0x48",
        "jmp rax",
        enter = sym enter,
    )
}

/// Makes stubs for these routines, by their index, as imports of `image`. They stay when the image goes: what is called
/// late must find its way to the message about it.
pub(crate) fn make(image: &Image, routines: &[u32]) -> Vec<*const c_void> {
    if routines.is_empty() {
        return Vec::new();
    }
    let bytes = routines.len() * LENGTH;
    // SAFETY: new memory, wherever the system has some.
    let page = unsafe { VirtualAlloc(std::ptr::null(), bytes, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE) };
    assert!(!page.is_null(), "there is no memory for the stubs of {}", image.name);
    let stubs: Vec<*const c_void> = routines
        .iter()
        .enumerate()
        .map(|(index, &routine)| {
            let import = Box::leak(Box::new(Import { base: image.base, size: image.size, routine }));
            let stub = page.wrapping_byte_add(index * LENGTH).cast::<u8>();
            let code =
                code(std::ptr::from_ref(import).expose_provenance() as u64, common as *const () as u64);
            // SAFETY: `LENGTH` bytes of the new memory for each routine.
            unsafe { stub.copy_from_nonoverlapping(code.as_ptr(), code.len()) };
            stub.cast_const().cast()
        })
        .collect();
    let mut before = 0;
    // SAFETY: the memory above, which holds nothing but instructions from now on.
    unsafe { VirtualProtect(page, bytes, PAGE_EXECUTE_READ, &mut before) };
    stubs
}

/// `mov r10, import; mov r11, common; jmp r11`: registers that no parameter is in.
fn code(import: u64, common: u64) -> [u8; 23] {
    let mut code = [0; 23];
    code[..2].copy_from_slice(&[0x49, 0xba]);
    code[2..10].copy_from_slice(&import.to_le_bytes());
    code[10..12].copy_from_slice(&[0x49, 0xbb]);
    code[12..20].copy_from_slice(&common.to_le_bytes());
    code[20..].copy_from_slice(&[0x41, 0xff, 0xe3]);
    code
}
