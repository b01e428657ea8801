//! Calling programs, and coming back from them by either way.

use core::arch::naked_asm;
use core::arch::x86_64::__cpuid;
use core::ptr;

use target_common::{ARGUMENTS, CallEnd, HARTS, Region};
use x86_64::VirtAddr;

use super::console::write_console;
use super::exit::exit;
use super::harts::hart;

/// Calls the function at `entry` on `stack`.
///
/// The program starts with the floating-point state that the psABI gives a process. It may call
/// back into the image, which may call a further program: [`escape`] ends the innermost one.
///
/// # Safety
/// - `entry` is the address of a function that takes these arguments or fewer, and its code may run:
///   it was written, synced ([`sync_instructions`](super::sync_instructions)) and made executable.
/// - `stack` is writable memory that nothing else uses, and large enough.
/// - The program keeps to its own memory. What it abandons by [`escape`] stays abandoned: the
///   frames of the image that it was called from inside of are never returned to.
pub unsafe fn call_program(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> CallEnd {
    // SAFETY: the caller's contract.
    unsafe { call(entry, arguments, stack, ptr::null_mut()) }
}

/// Calls the function at `entry` on `stack`, in the kernel's mode, or else from `kernel_stack` on in user mode.
///
/// # Safety
/// As for [`call_program`]; what user mode touches that is not its own ends it.
pub(super) unsafe fn call(
    entry: usize,
    arguments: &[u64; ARGUMENTS],
    stack: Region,
    kernel_stack: *mut VirtAddr,
) -> CallEnd {
    // The psABI wants 16-byte alignment where the call is made.
    let top = stack.start.saturating_add(stack.size) & !15;
    // Code that the other hart has written: fetch must not be ahead of it (Intel SDM volume 3,
    // "Handling Self- and Cross-Modifying Code").
    let _ = __cpuid(0);
    // SAFETY: the caller vouches for all of it; `enter` keeps what a C function must keep.
    let end = unsafe { enter(entry, arguments, top, frame(), kernel_stack) };
    if end.escaped == 0 { CallEnd::Returned(end.value) } else { CallEnd::Escaped(end.value as i32) }
}

/// Abandons the program that runs on this hart: its [`call_program`] returns
/// `CallEnd::Escaped(value)`.
///
/// Without a running program there is nothing to go back to, and the run ends with failure.
pub fn escape(value: i32) -> ! {
    end(value as u64, 1)
}

/// Returns from the function that this hart runs in user mode, as [`escape`] leaves any: for the gate.
#[cfg(feature = "image")]
pub fn return_from_user(value: u64) -> ! {
    end(value, 0)
}

/// Has the innermost [`enter`] return this.
fn end(value: u64, escaped: u64) -> ! {
    let frame = frame();
    // SAFETY: only this hart uses it, in `enter` and `leave`.
    if unsafe { *frame } == 0 {
        write_console(b"target: escape without a running program\n");
        exit(u8::MAX)
    }
    // SAFETY: `enter` was entered and not left, so its frame is still on the caller's stack.
    unsafe { leave(value, escaped, frame) }
}

/// Of each hart the stack pointer in the innermost [`enter`], or 0.
static mut FRAMES: [usize; HARTS] = [0; HARTS];

/// The place in [`FRAMES`] of the hart that runs this.
fn frame() -> *mut usize {
    (&raw mut FRAMES).cast::<usize>().wrapping_add(hart())
}

/// How the program came back, as two registers.
#[repr(C)]
struct End {
    value: u64,
    escaped: u64,
}

/// Saves what a function must keep, and the frame of the call outside this one; switches to
/// the stack below `top`; calls.
#[unsafe(naked)]
unsafe extern "sysv64" fn enter(
    entry: usize,
    arguments: &[u64; ARGUMENTS],
    top: usize,
    frame: *mut usize,
    kernel_stack: *mut VirtAddr,
) -> End {
    naked_asm!(
        ".cfi_startproc",
        // The stack goes on elsewhere, which debuggers take for damage but at a signal handler.
        ".cfi_signal_frame",
        #[cfg(feature = "image")]
        ".cfi_personality 0x1b, {personality}", // relative to itself, in 4 bytes
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "pushfq",
        "sub rsp, 8",
        "stmxcsr [rsp]",
        "fnstcw [rsp + 4]",
        "push rcx",
        "push qword ptr [rcx]",
        "mov [rcx], rsp",
        "mov rbx, rcx", // which the program keeps
        "mov r12, rsp", // for debuggers, and for user mode
        "mov r13, r8",
        ".cfi_def_cfa r12, 88",
        ".cfi_offset rbp, -16",
        ".cfi_offset rbx, -24",
        ".cfi_offset r12, -32",
        ".cfi_offset r13, -40",
        ".cfi_offset r14, -48",
        ".cfi_offset r15, -56",
        "mov rsp, rdx",
        "mov r11, rdi",
        "mov r10, rsi",
        "mov rdi, [r10]",
        "mov rsi, [r10 + 8]",
        "mov rdx, [r10 + 16]",
        "mov rcx, [r10 + 24]",
        "mov r8, [r10 + 32]",
        "mov r9, [r10 + 40]",
        "xor eax, eax", // no arguments in vector registers, for functions that take any number
        "xor ebp, ebp", // the outermost frame, for those who follow frame pointers
        "fninit",
        "ldmxcsr [rip + {mxcsr}]",
        #[cfg(feature = "image")]
        "test r13, r13",
        #[cfg(feature = "image")]
        "jnz {to_user}",
        "call r11",
        "xor edx, edx", // not escaped
        "mov rdi, rbx",
        "jmp {finish}",
        ".cfi_endproc",
        mxcsr = sym MXCSR,
        finish = sym finish,
        #[cfg(feature = "image")]
        to_user = sym super::user::to_user,
        #[cfg(feature = "image")]
        personality = sym target_common::image_personality,
    )
}

/// Goes back to the innermost [`enter`] from anywhere below it.
#[unsafe(naked)]
unsafe extern "sysv64" fn leave(value: u64, escaped: u64, frame: *mut usize) -> ! {
    naked_asm!(
        "mov rax, rdi",
        "mov rdi, rdx",
        "mov edx, esi",
        "jmp {finish}",
        finish = sym finish,
    )
}

/// The end of [`enter`], on any stack, with its result already in RAX and RDX, and in RDI its place
/// in [`FRAMES`].
#[unsafe(naked)]
unsafe extern "sysv64" fn finish() {
    naked_asm!(
        "mov rsp, [rdi]",
        "pop qword ptr [rdi]",
        "pop r8",
        "fninit", // a program may leave anything on the x87 stack
        "fldcw [rsp + 4]",
        "ldmxcsr [rsp]",
        "add rsp, 8",
        "popfq",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

/// All SIMD floating-point exceptions masked, round to nearest: what a process starts with.
static MXCSR: u32 = 0x1f80;
