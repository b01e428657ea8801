//! Entering a program on its own stack, and coming back from wherever it leaves.

use core::arch::naked_asm;
use core::sync::atomic::{AtomicUsize, Ordering};

use target_common::{ARGUMENTS, CallEnd, HARTS, Region};

use crate::harts::hart;

/// Calls the function at `entry` on `stack` and says how it came back.
///
/// The rounding mode and the floating-point flags are afterwards as they were before. A program may
/// itself be the caller: [`escape`] then leaves the innermost one.
///
/// # Safety
/// `entry` must be the address of a function, in executable memory, which takes these arguments or
/// fewer; `stack` must be writable, used by nothing else, and large enough for it.
pub unsafe fn call_program(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> CallEnd {
    // SAFETY: as the caller promised.
    unsafe { call(entry, arguments, stack, false) }
}

/// As [`call_program`], in the kernel's mode or in user mode.
///
/// # Safety
/// As for [`call_program`]; what user mode touches that is not its own ends it.
pub(crate) unsafe fn call(
    entry: usize,
    arguments: &[u64; ARGUMENTS],
    stack: Region,
    user: bool,
) -> CallEnd {
    let top = (stack.start + stack.size) & !15; // The calling convention's stack alignment.
    #[cfg(feature = "image")]
    let interrupts = riscv::register::sstatus::read().sie();
    // SAFETY: as the caller promised.
    let end = unsafe { enter(entry, arguments, top, FRAMES[hart()].as_ptr(), user) };
    // A fault that the program was left by has turned them off.
    #[cfg(feature = "image")]
    if interrupts {
        // SAFETY: as it was before the call.
        unsafe { riscv::register::sstatus::set_sie() };
    }
    if end.escaped == 0 { CallEnd::Returned(end.value) } else { CallEnd::Escaped(end.value as i32) }
}

/// Abandons the program that is running on this hart: its [`call_program`] returns [`CallEnd::Escaped`].
///
/// # Panics
/// When no program is running.
pub fn escape(value: i32) -> ! {
    end(value as isize, 1)
}

/// Returns from the function that this hart runs in user mode, as [`escape`] leaves any: for the gate.
///
/// # Panics
/// When no program is running.
#[cfg(feature = "image")]
pub fn return_from_user(value: u64) -> ! {
    end(value as isize, 0)
}

/// Has the innermost waiting `enter` return this.
fn end(value: isize, escaped: usize) -> ! {
    let frame = &FRAMES[hart()];
    assert!(frame.load(Ordering::Relaxed) != 0, "escape: no program is running");
    // SAFETY: a frame is there, so a call of `enter` waits in the stack frames below, none of
    // which can have returned without setting it back.
    unsafe { resume(value, escaped, frame.as_ptr()) }
}

/// What `enter` returns, in registers `a0` and `a1`.
#[repr(C)]
struct End {
    value: u64,
    escaped: usize,
}

/// For each hart the address of the frame that the innermost waiting `enter` saved; 0 where there is
/// none.
pub(crate) static FRAMES: [AtomicUsize; HARTS] = [const { AtomicUsize::new(0) }; HARTS];

/// Saves what the calling convention wants kept, and the frame before, then calls the program.
#[unsafe(naked)]
unsafe extern "C" fn enter(
    entry: usize,
    arguments: &[u64; ARGUMENTS],
    stack_top: usize,
    frame: *mut usize,
    user: bool,
) -> End {
    naked_asm!(
        ".option push",
        ".option arch, +d", // The assembler is not told of the target's own extensions.
        ".cfi_startproc",
        // The stack goes on elsewhere, which debuggers take for damage but at a signal handler.
        ".cfi_signal_frame",
        #[cfg(feature = "image")]
        ".cfi_personality 0x1b, {personality}", // relative to itself, in 4 bytes
        "addi sp, sp, -224",
        "sd ra, 0(sp)",
        "sd s0, 8(sp)",
        "sd s1, 16(sp)",
        "sd s2, 24(sp)",
        "sd s3, 32(sp)",
        "sd s4, 40(sp)",
        "sd s5, 48(sp)",
        "sd s6, 56(sp)",
        "sd s7, 64(sp)",
        "sd s8, 72(sp)",
        "sd s9, 80(sp)",
        "sd s10, 88(sp)",
        "sd s11, 96(sp)",
        "fsd fs0, 104(sp)",
        "fsd fs1, 112(sp)",
        "fsd fs2, 120(sp)",
        "fsd fs3, 128(sp)",
        "fsd fs4, 136(sp)",
        "fsd fs5, 144(sp)",
        "fsd fs6, 152(sp)",
        "fsd fs7, 160(sp)",
        "fsd fs8, 168(sp)",
        "fsd fs9, 176(sp)",
        "fsd fs10, 184(sp)",
        "fsd fs11, 192(sp)",
        "frcsr t0",
        "sd t0, 200(sp)",
        "ld t1, 0(a3)",
        "sd t1, 208(sp)",
        "sd sp, 0(a3)",
        "mv s1, a3", // Which the program keeps.
        "mv s2, sp", // For debuggers alone.
        "mv s3, a4",
        ".cfi_def_cfa s2, 224",
        ".cfi_offset ra, -224",
        ".cfi_offset s0, -216",
        ".cfi_offset s1, -208",
        ".cfi_offset s2, -200",
        ".cfi_offset s3, -192",
        ".cfi_offset s4, -184",
        ".cfi_offset s5, -176",
        ".cfi_offset s6, -168",
        ".cfi_offset s7, -160",
        ".cfi_offset s8, -152",
        ".cfi_offset s9, -144",
        ".cfi_offset s10, -136",
        ".cfi_offset s11, -128",
        "mv sp, a2",
        "mv t0, a0",
        "mv t1, a1",
        "ld a0, 0(t1)",
        "ld a1, 8(t1)",
        "ld a2, 16(t1)",
        "ld a3, 24(t1)",
        "ld a4, 32(t1)",
        "ld a5, 40(t1)",
        "mv s0, zero", // Walks along frame pointers end here.
        #[cfg(feature = "image")]
        "bnez s3, 1f",
        "jalr t0",
        "mv a1, zero",
        "mv a2, s1",
        "tail {resume}",
        ".cfi_endproc",
        #[cfg(feature = "image")]
        "1: tail {to_user}",
        ".option pop",
        resume = sym resume,
        #[cfg(feature = "image")]
        to_user = sym crate::user::to_user,
        #[cfg(feature = "image")]
        personality = sym target_common::image_personality,
    )
}

/// Returns from the innermost waiting `enter`, whose place in [`FRAMES`] is `frame`, with `value` and `escaped` as its result.
///
/// # Safety
/// An `enter` must be waiting, and the stack that it was called on must be intact.
#[unsafe(naked)]
unsafe extern "C" fn resume(value: isize, escaped: usize, frame: *mut usize) -> ! {
    naked_asm!(
        ".option push",
        ".option arch, +d",
        "ld sp, 0(a2)",
        "ld t1, 208(sp)",
        "sd t1, 0(a2)",
        "ld t0, 200(sp)",
        "fscsr t0",
        "ld ra, 0(sp)",
        "ld s0, 8(sp)",
        "ld s1, 16(sp)",
        "ld s2, 24(sp)",
        "ld s3, 32(sp)",
        "ld s4, 40(sp)",
        "ld s5, 48(sp)",
        "ld s6, 56(sp)",
        "ld s7, 64(sp)",
        "ld s8, 72(sp)",
        "ld s9, 80(sp)",
        "ld s10, 88(sp)",
        "ld s11, 96(sp)",
        "fld fs0, 104(sp)",
        "fld fs1, 112(sp)",
        "fld fs2, 120(sp)",
        "fld fs3, 128(sp)",
        "fld fs4, 136(sp)",
        "fld fs5, 144(sp)",
        "fld fs6, 152(sp)",
        "fld fs7, 160(sp)",
        "fld fs8, 168(sp)",
        "fld fs9, 176(sp)",
        "fld fs10, 184(sp)",
        "fld fs11, 192(sp)",
        "addi sp, sp, 224",
        "ret",
        ".option pop",
    )
}
