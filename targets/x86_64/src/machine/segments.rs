//! Segments, of which long mode keeps the code segment and the task state: the latter says which
//! stacks exceptions are handled on. Each hart has its own, in one table.

use target_common::HARTS;
use x86_64::PrivilegeLevel;
use x86_64::VirtAddr;
use x86_64::instructions::tables::{lgdt, load_tss};
use x86_64::registers::segmentation::{CS, SS, Segment, SegmentSelector};
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::tss::TaskStateSegment;

use super::layout::interrupt_stacks;

/// Indices into [`interrupt_stacks`].
pub(super) const FAULT_STACK: u16 = 0;
/// A double fault may come from the fault stack itself.
pub(super) const DOUBLE_FAULT_STACK: u16 = 1;
/// NMIs and machine checks come at any time, also in a fault handler.
pub(super) const NMI_STACK: u16 = 2;

/// What the second hart, and no other, has in its task register.
#[cfg(feature = "image")]
pub(super) const SECOND_TASK: SegmentSelector = TASK_SELECTORS[1];

/// By their places in the table: a task state takes two.
const TASK_SELECTORS: [SegmentSelector; 2] = [
    SegmentSelector::new(3, PrivilegeLevel::Ring0),
    SegmentSelector::new(5, PrivilegeLevel::Ring0),
];

static mut TASKS: [TaskStateSegment; HARTS] = [const { TaskStateSegment::new() }; HARTS];

/// Null, 64-bit code and data, all marked as accessed; behind them the task states, and what user mode
/// has of code and data.
static mut DESCRIPTORS: [u64; COUNT] = {
    let mut all = [0; COUNT];
    all[1] = 0x00af_9b00_0000_ffff;
    all[2] = 0x00cf_9300_0000_ffff;
    all[USER] = 0x00cf_f300_0000_ffff;
    all[USER + 1] = 0x00af_fb00_0000_ffff;
    all
};
const COUNT: usize = USER + 2;
const USER: usize = 3 + 2 * HARTS;

/// The segment of user mode's stack, as an interrupt's frame has it.
#[cfg(feature = "image")]
pub(super) const USER_DATA: u16 = (USER as u16) << 3 | 3;
/// Of its code.
#[cfg(feature = "image")]
pub(super) const USER_CODE: u16 = (USER as u16 + 1) << 3 | 3;

/// Where a hart finds the stack that it comes from user mode to, but for faults.
#[cfg(feature = "image")]
pub(super) fn kernel_stack(hart: usize) -> *mut VirtAddr {
    let task = (&raw mut TASKS).cast::<TaskStateSegment>().wrapping_add(hart);
    // SAFETY: there is a task state for each hart. No reference is taken: the field is not aligned.
    unsafe { (&raw mut (*task).privilege_stack_table).cast() }
}

/// Makes the table and the task states of both harts; called once.
pub(super) fn init() {
    let tasks = (&raw mut TASKS).cast::<TaskStateSegment>();
    let descriptors = (&raw mut DESCRIPTORS).cast::<u64>();
    for hart in 0..HARTS {
        let task = tasks.wrapping_add(hart);
        let [low, high] = task_descriptor(task.addr() as u64);
        // SAFETY: this runs once, before anything else uses the statics. There are as many task
        // states, and pairs of descriptors for them, as harts.
        unsafe {
            for (index, stack) in interrupt_stacks(hart).into_iter().enumerate() {
                // They grow down. The field is not aligned, and no reference is taken to it.
                let end = VirtAddr::new_truncate((stack.start + stack.size) as u64);
                (*task).interrupt_stack_table[index] = end;
            }
            descriptors.add(3 + 2 * hart).write(low);
            descriptors.add(4 + 2 * hart).write(high);
        }
    }
}

/// Has a hart, which runs this, use the table and its task state.
pub(super) fn load(hart: usize) {
    let code = SegmentSelector::new(1, PrivilegeLevel::Ring0);
    let data = SegmentSelector::new(2, PrivilegeLevel::Ring0);
    // SAFETY: `init` has filled both, with the descriptors in the order of these selectors, and
    // they live for ever. All that changes from then on is the processor's mark that a task state
    // is in use.
    unsafe {
        lgdt(&DescriptorTablePointer {
            limit: (size_of::<[u64; COUNT]>() - 1) as u16,
            base: VirtAddr::from_ptr(&raw const DESCRIPTORS),
        });
        CS::set_reg(code);
        SS::set_reg(data);
        load_tss(TASK_SELECTORS[hart]);
    }
}

/// The descriptor of a task state that is present and not in use (Intel SDM volume 3, "TSS
/// Descriptor in 64-bit Mode").
const fn task_descriptor(address: u64) -> [u64; 2] {
    const AVAILABLE: u64 = 0x89 << 40;
    let limit = size_of::<TaskStateSegment>() as u64 - 1;
    let low = limit | (address & 0xff_ffff) << 16 | AVAILABLE | (address >> 24 & 0xff) << 56;
    [low, address >> 32]
}
