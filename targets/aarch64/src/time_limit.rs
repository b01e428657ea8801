//! A limit to the time that a program may take: the virtual timer interrupts it, which is a fault of its.
//!
//! Interrupts come between [`start_time_limit`] and [`stop_time_limit`], and at no other time. One that
//! comes while the image itself runs, on the program's behalf, is put off (`exceptions.rs`): the image
//! may hold a lock.

use aarch64_cpu::registers::{
    CNTFRQ_EL0, CNTV_CTL_EL0, CNTV_CVAL_EL0, CNTVCT_EL0, Readable, Writeable,
};
use arm_gic::{IntId, gicv2::GicV2};
use core::arch::asm;

/// The interrupt controller of `virt`, version 2: its distributor, and its interface to each hart.
const DISTRIBUTOR: usize = 0x0800_0000;
const INTERFACE: usize = 0x0801_0000;
/// The virtual timer's interrupt, of those that each hart has.
const TIMER: IntId = IntId::ppi(11);

/// Has the program that runs on this hart interrupted in so many nanoseconds, by a fault of the kind
/// [`TIME_LIMIT`](target_common::causes::TIME_LIMIT). For the hart that booted.
pub fn start_time_limit(nanoseconds: u64) {
    let ticks = u128::from(nanoseconds) * u128::from(CNTFRQ_EL0.get()) / 1_000_000_000;
    let ticks = u64::try_from(ticks).unwrap_or(u64::MAX);
    CNTV_CVAL_EL0.set(CNTVCT_EL0.get().saturating_add(ticks));
    CNTV_CTL_EL0.write(CNTV_CTL_EL0::ENABLE::SET + CNTV_CTL_EL0::IMASK::CLEAR);
    // SAFETY: the vectors are installed, and what they do with this interrupt leaves no trace.
    unsafe { asm!("isb", "msr daifclr, #2", options(nostack, preserves_flags)) };
}

/// Has nothing interrupted any more.
pub fn stop_time_limit() {
    // SAFETY: masks interrupts.
    unsafe { asm!("msr daifset, #2", options(nostack, preserves_flags)) };
    CNTV_CTL_EL0.set(0);
}

/// Lets the timer's interrupt through to the hart that boots; called with the first page table, which
/// maps the controller.
pub(crate) fn init() {
    let (distributor, interface) = (DISTRIBUTOR, INTERFACE);
    let at = core::ptr::with_exposed_provenance_mut::<u8>;
    // SAFETY: `virt` has a version 2 there, and the first table maps it as device memory. Nobody else
    // ever touches it.
    let mut controller = unsafe { GicV2::new(at(distributor).cast(), at(interface).cast()) };
    controller.setup();
    controller.set_priority_mask(0xff);
    if controller.enable_interrupt(TIMER, true).is_err() {
        panic!("the interrupt controller does not know the timer");
    }
}
