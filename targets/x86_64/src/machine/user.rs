//! Programs in ring 3: how they get there, and the gate by which they call the kernel.

use core::arch::{global_asm, naked_asm};

use target_common::{ARGUMENTS, CallEnd, GATE_CALLS, GATE_STUB, Region, image_gate};
use x86_64::structures::idt::{Entry, HandlerFunc};
use x86_64::{PrivilegeLevel, VirtAddr};

use super::call::call;
use super::harts::hart;
use super::segments::{USER_CODE, USER_DATA, kernel_stack};

/// The vector that the gate's stubs interrupt with.
pub(super) const GATE: usize = 0x80;

/// The cause of a read that a program in user mode may not make: a page fault that the kernel has in its
/// place, where it was to read for it.
pub const READ_REFUSED: u64 = 14 << 32 | 0b101; // present, in user mode

/// Calls the function at `entry` on `stack`, in ring 3. All that it touches must be shared with user mode
/// ([`share`](super::share)), or it faults. A function that returns does so through the gate.
///
/// # Safety
/// As for [`call_program`](super::call_program), but for what the program does: it is kept from all else.
pub unsafe fn call_user(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> CallEnd {
    // SAFETY: the caller's contract; the place is this hart's.
    unsafe { call(entry, arguments, stack, kernel_stack(hart())) }
}

/// Has an entry of the interrupt table lead to the gate.
pub(super) fn set_gate(entry: &mut Entry<HandlerFunc>) {
    let code = VirtAddr::from_ptr(gate_entry as *const ());
    // SAFETY: `gate_entry` takes what an interrupt without an error code pushes, and returns from it.
    unsafe { entry.set_handler_addr(code).set_privilege_level(PrivilegeLevel::Ring3) };
}

// The stubs leave their number in RAX, which is no argument but of functions of any number, and where
// they return to in R10. The first one has what a function returned in RAX.
global_asm!(
    ".pushsection .gate, \"ax\"",
    "mov rdi, rax",
    "xor eax, eax",
    "int {gate}",
    ".set number, 1",
    ".rept {calls} - 1",
    ".balign {size}",
    "mov r10, [rsp]",
    "mov eax, offset number",
    "int {gate}",
    "ret",
    ".set number, number + 1",
    ".endr",
    ".popsection",
    gate = const GATE,
    calls = const GATE_CALLS,
    size = const GATE_STUB,
);

/// The end of `enter`, for user mode: R11 is the function, R12 the kernel's stack, R13 where that is
/// noted for who comes back; the arguments are in place, and the stack pointer is the program's.
#[unsafe(naked)]
pub(super) unsafe extern "sysv64" fn to_user() {
    naked_asm!(
        "mov [r13], r12",
        "lea r10, [rsp - 8]",
        "mov qword ptr [r10], offset __gate_start", // where it returns to
        "mov rsp, r12",
        "push {data}",
        "push r10",
        "pushfq",
        "and qword ptr [rsp], 0x200", // interrupts as they are, and nothing else
        "push {code}",
        "push r11",
        // What the kernel and other programs had in registers is nothing for this one.
        "mov r10, rax",
        "mov r11, rdx",
        "mov eax, -1",
        "mov edx, -1",
        "mov rbx, cr4",
        "bt ebx, 18", // OSXSAVE
        "jnc 2f",
        "xrstor64 [rip + {initial}]",
        "jmp 3f",
        "2:",
        "fxrstor64 [rip + {initial}]",
        "3:",
        "mov rax, r10",
        "mov rdx, r11",
        "xor ebx, ebx",
        "xor r10d, r10d",
        "xor r11d, r11d",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "iretq",
        data = const USER_DATA,
        code = const USER_CODE,
        initial = sym INITIAL,
    )
}

/// The state of x87, SSE and all beyond as the psABI has it for a process that begins, in the form of
/// `XSAVE`: the control words, and no component that is in use.
#[repr(C, align(64))]
struct Initial {
    x87_control: u16,
    unused: [u8; 22],
    mxcsr: u32,
    nothing: [u8; 548],
}
static INITIAL: Initial =
    Initial { x87_control: 0x37f, unused: [0; 22], mxcsr: 0x1f80, nothing: [0; 548] };

/// Entered by the gate's stubs. What a call must keep Rust keeps, and the rest is nothing for programs.
#[unsafe(naked)]
unsafe extern "sysv64" fn gate_entry() {
    naked_asm!(
        "test byte ptr [rsp + 8], 3",
        "jz 2f", // the kernel's own code
        "cld",
        // A `GateCall`, from its end.
        "push r10",
        "push rax",
        "push r9",
        "push r8",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "mov rdi, rsp",
        "sub rsp, 8", // with the five words of the interrupt: aligned
        "call {gate}",
        "add rsp, 72",
        "xor ecx, ecx",
        "xor edx, edx",
        "xor esi, esi",
        "xor edi, edi",
        "xor r8d, r8d",
        "xor r9d, r9d",
        "xor r10d, r10d",
        "xor r11d, r11d",
        "iretq",
        "2:",
        "push offset exception_vectors + 8 * {vector}", // as an entry of its own would leave it
        "jmp exception_entry",
        gate = sym image_gate,
        vector = const GATE,
    )
}
