//! What programs expect of each hart beyond `boot.s`: wide vectors and a thread block.

use core::arch::x86_64::__cpuid_count;

use target_common::HARTS;
use x86_64::VirtAddr;
use x86_64::instructions::port::Port;
use x86_64::registers::control::{Cr4, Cr4Flags};
use x86_64::registers::model_specific::FsBase;
use x86_64::registers::xcontrol::XCr0;

use super::harts::hart;

/// Sets the hart that runs this up for programs.
pub(super) fn init() {
    if cfg!(feature = "image") {
        mask_interrupts();
        enable_vectors();
        keep_out_of_user_code();
    }
    set_thread_block();
}

/// Masks the interrupt controllers that the firmware has used, should a program ever allow
/// interrupts: their vectors are those of exceptions.
fn mask_interrupts() {
    for port in [0x21, 0xa1] {
        // SAFETY: this is the mask register; nothing here waits for an interrupt.
        unsafe { Port::<u8>::new(port).write(0xff) };
    }
}

/// Enables AVX and AVX-512 where the processor has them (`boot.s` enabled SSE).
fn enable_vectors() {
    const X87_SSE_AVX: u32 = 0b111;
    const AVX_512: u32 = 0b111 << 5;
    const XSAVE: u32 = 1 << 26;
    if __cpuid_count(1, 0).ecx & XSAVE == 0 {
        return;
    }
    let components = __cpuid_count(0xd, 0).eax & (X87_SSE_AVX | AVX_512);
    // SAFETY: the processor has XSAVE, and the components are some that it says it has, the
    // dependent ones only beside those they need. The image itself uses none of them.
    unsafe {
        Cr4::update(|cr4| cr4.insert(Cr4Flags::OSXSAVE));
        XCr0::write_raw(components.into());
    }
}

/// Has the kernel fault where it would run code of user mode (SMEP), where the processor can.
fn keep_out_of_user_code() {
    const SMEP: u32 = 1 << 7;
    if __cpuid_count(7, 0).ebx & SMEP != 0 {
        // SAFETY: the processor has it, and no code of the kernel is in such pages.
        unsafe { Cr4::update(|cr4| cr4.insert(Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION)) };
    }
}

/// What the `FS` segment points to, as far as compilers take it for granted.
#[repr(C)]
struct ThreadBlock {
    /// The block's own address (x86-64 psABI, "Thread-Local Storage").
    this: usize,
    reserved: [usize; 4],
    /// What `-fstack-protector`, a default of some compilers, compares at `%fs:0x28`.
    stack_guard: usize,
}

static mut THREAD_BLOCKS: [ThreadBlock; HARTS] =
    [const { ThreadBlock { this: 0, reserved: [0; 4], stack_guard: 0x00c0_ffee_0ddb_a11e } };
        HARTS];

/// Has `FS` point to this hart's own block.
pub(super) fn set_thread_block() {
    let blocks = (&raw mut THREAD_BLOCKS).cast::<ThreadBlock>();
    let block = blocks.wrapping_add(hart());
    // SAFETY: there is a block for each hart. This is the only place that writes this hart's, and no
    // program runs on it meanwhile.
    unsafe { (*block).this = block.addr() };
    FsBase::write(VirtAddr::from_ptr(block));
}
