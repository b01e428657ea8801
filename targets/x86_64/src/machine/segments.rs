//! Segments, of which long mode keeps the code segment and the task state: the latter says which
//! stacks exceptions are handled on.

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

static mut TASK: TaskStateSegment = TaskStateSegment::new();
static mut DESCRIPTORS: GlobalDescriptorTable = GlobalDescriptorTable::new();

/// Loads the descriptor table and the task state.
pub(super) fn init() {
    let mut stacks = [VirtAddr::zero(); 7];
    for (slot, stack) in stacks.iter_mut().zip(interrupt_stacks()) {
        *slot = VirtAddr::new_truncate((stack.start + stack.size) as u64); // they grow down
    }

    let task = &raw mut TASK;
    let descriptors = &raw mut DESCRIPTORS;
    let code = SegmentSelector::new(1, PrivilegeLevel::Ring0);
    let data = SegmentSelector::new(2, PrivilegeLevel::Ring0);
    let task_selector = SegmentSelector::new(3, PrivilegeLevel::Ring0);
    // SAFETY: this runs once, before anything else uses the two statics, and they live for ever.
    // The selectors are those of the descriptors in the order in which they are appended.
    unsafe {
        (*task).interrupt_stack_table = stacks;
        (*descriptors).append(Descriptor::kernel_code_segment());
        (*descriptors).append(Descriptor::kernel_data_segment());
        (*descriptors).append(Descriptor::tss_segment_unchecked(task));
        (*descriptors).load_unsafe();
        CS::set_reg(code);
        SS::set_reg(data);
        load_tss(task_selector);
    }
}
