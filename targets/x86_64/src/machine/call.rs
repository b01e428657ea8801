//! Calling programs, and coming back from them by either way.

use core::arch::naked_asm;

use target_common::{CallEnd, Region};

use super::console::write_console;
use super::exit::exit;

/// Calls `int entry(int argc, char **argv)` on `stack`.
///
/// The program starts with the floating-point state that the psABI gives a process. It may call
/// back into the image, which may call a further program: [`escape`] ends the innermost one.
///
/// # Safety
/// - `entry` is the address of such a function, and its code may run: it was written, synced
///   ([`sync_instructions`](super::sync_instructions)) and made executable.
/// - `argv` holds `argc` pointers and a null pointer, as the program wants them.
/// - `stack` is writable memory that nothing else uses, and large enough.
/// - The program keeps to its own memory. What it abandons by [`escape`] stays abandoned: the
///   frames of the image that it was called from inside of are never returned to.
pub unsafe fn call_program(
    entry: usize,
    argc: i32,
    argv: *const *const u8,
    stack: Region,
) -> CallEnd {
    // The psABI wants 16-byte alignment where the call is made.
    let top = stack.start.saturating_add(stack.size) & !15;
    // SAFETY: the caller vouches for all of it; `enter` keeps what a C function must keep.
    let end = unsafe { enter(entry, argc, argv, top) };
    let value = end.value as i32;
    if end.escaped == 0 { CallEnd::Returned(value) } else { CallEnd::Escaped(value) }
}

/// Abandons the running program: its [`call_program`] returns `CallEnd::Escaped(value)`.
///
/// Without a running program there is nothing to go back to, and the run ends with failure.
pub fn escape(value: i32) -> ! {
    // SAFETY: one processor and no interrupts; only `enter` and `leave` write it.
    if unsafe { FRAME } == 0 {
        write_console(b"target: escape without a running program\n");
        exit(u8::MAX)
    }
    // SAFETY: `enter` was entered and not left, so its frame is still on the caller's stack.
    unsafe { leave(value) }
}

/// The stack pointer in the innermost [`enter`], or 0.
static mut FRAME: usize = 0;

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
    argc: i32,
    argv: *const *const u8,
    top: usize,
) -> End {
    naked_asm!(
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
        "push qword ptr [rip + {frame}]",
        "mov [rip + {frame}], rsp",
        "mov rsp, rcx",
        "mov rax, rdi",
        "mov edi, esi",
        "mov rsi, rdx",
        "xor edx, edx", // no environment
        "xor ebp, ebp", // the outermost frame, for those who follow frame pointers
        "fninit",
        "ldmxcsr [rip + {mxcsr}]",
        "call rax",
        "xor edx, edx", // not escaped
        "jmp {finish}",
        frame = sym FRAME,
        mxcsr = sym MXCSR,
        finish = sym finish,
    )
}

/// Goes back to the innermost [`enter`] from anywhere below it.
#[unsafe(naked)]
unsafe extern "sysv64" fn leave(value: i32) -> ! {
    naked_asm!("mov eax, edi", "mov edx, 1", "jmp {finish}", finish = sym finish)
}

/// The end of [`enter`], on any stack, with its result already in RAX and RDX.
#[unsafe(naked)]
unsafe extern "sysv64" fn finish() {
    naked_asm!(
        "mov rsp, [rip + {frame}]",
        "pop qword ptr [rip + {frame}]",
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
        frame = sym FRAME,
    )
}

/// All SIMD floating-point exceptions masked, round to nearest: what a process starts with.
static MXCSR: u32 = 0x1f80;
