//! Segments, of which long mode keeps the code segment and the task state: the latter says which
//! stacks exceptions are handled on. Each hart has its own, in one table.

use target_common::HARTS;
use x86_64::PrivilegeLevel;
use x86_64::VirtAddr;
use x86_64::instructions::tables::load_tss;
use x86_64::registers::segmentation::{CS, SS, Segment, SegmentSelector};
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable};
use x86_64::structures::tss::TaskStateSegment;

use super::layout::interrupt_stacks;

/// Indices into [`interrupt_stacks`].
pub(super) const FAULT_STACK: u16 = 0;
/// A double fault may come from the fault stack itself.
pub(super) const DOUBLE_FAULT_STACK: u16 = 1;
/// NMIs and machine checks come at any time, also in a fault handler.
pub(super) const NMI_STACK: u16 = 2;

/// What the second hart, and no other, has in its task register.
pub(super) const SECOND_TASK: SegmentSelector = TASK_SELECTORS[1];

/// By their places in the table: a task state takes two.
const TASK_SELECTORS: [SegmentSelector; HARTS] = [
    SegmentSelector::new(3, PrivilegeLevel::Ring0),
    SegmentSelector::new(5, PrivilegeLevel::Ring0),
];

static mut TASKS: [TaskStateSegment; HARTS] = [const { TaskStateSegment::new() }; HARTS];
static mut DESCRIPTORS: GlobalDescriptorTable = GlobalDescriptorTable::new();

/// Makes the table and the task states of both harts; called once.
pub(super) fn init() {
    let tasks = (&raw mut TASKS).cast::<TaskStateSegment>();
    let descriptors = &raw mut DESCRIPTORS;
    // SAFETY: this runs once, before anything else uses the statics, and they live for ever. There
    // are as many task states as harts.
    unsafe {
        (*descriptors).append(Descriptor::kernel_code_segment());
        (*descriptors).append(Descriptor::kernel_data_segment());
        for hart in 0..HARTS {
            let task = tasks.add(hart);
            let mut stacks = [VirtAddr::zero(); 7];
            for (slot, stack) in stacks.iter_mut().zip(interrupt_stacks(hart)) {
                *slot = VirtAddr::new_truncate((stack.start + stack.size) as u64); // they grow down
            }
            (*task).interrupt_stack_table = stacks;
            (*descriptors).append(Descriptor::tss_segment_unchecked(task));
        }
    }
}

/// Has a hart, which runs this, use the table and its task state.
pub(super) fn load(hart: usize) {
    let code = SegmentSelector::new(1, PrivilegeLevel::Ring0);
    let data = SegmentSelector::new(2, PrivilegeLevel::Ring0);
    let descriptors = &raw const DESCRIPTORS;
    // SAFETY: `init` has filled both, with the descriptors in the order of these selectors, and
    // they live for ever. All that changes from then on is the processor's mark that a task state
    // is in use.
    unsafe {
        (*descriptors).load_unsafe();
        CS::set_reg(code);
        SS::set_reg(data);
        load_tss(TASK_SELECTORS[hart]);
    }
}
