//! What the linker script reserved, from its symbols.

use target_common::{Region, Regions};

/// Where the memory lies that the linker script sets aside.
#[inline(always)] // who wants one region computes no other
pub fn regions() -> Regions {
    Regions {
        text: between(&raw const __arena_text_start, &raw const __arena_text_end),
        rodata: between(&raw const __arena_rodata_start, &raw const __arena_rodata_end),
        data: between(&raw const __arena_data_start, &raw const __arena_data_end),
        #[cfg(feature = "image")]
        away: target_common::AwayArenas {
            text: between(&raw const __away_text_start, &raw const __away_text_end),
            rodata: between(&raw const __away_rodata_start, &raw const __away_rodata_end),
            data: between(&raw const __away_data_start, &raw const __away_data_end),
        },
        #[cfg(feature = "image")]
        program_stacks: [
            between(&raw const __program_stack_start, &raw const __program_stack_end),
            between(&raw const __second_program_stack_start, &raw const __second_program_stack_end),
        ],
        #[cfg(feature = "image")]
        gate: between(&raw const __gate_start, &raw const __gate_end),
        heap: between(&raw const __image_heap_start, &raw const __image_heap_end),
        program_heap: between(&raw const __program_heap_start, &raw const __program_heap_end),
        job: between(&raw const __job_start, &raw const __job_end),
    }
}

/// The stacks that a hart's interrupts switch to, by their index in the interrupt stack table.
pub(super) fn interrupt_stacks(hart: usize) -> [Region; 3] {
    if hart == 0 {
        return [
            between(&raw const __fault_stack_bottom, &raw const __fault_stack_top),
            between(&raw const __double_fault_stack_bottom, &raw const __double_fault_stack_top),
            between(&raw const __nmi_stack_bottom, &raw const __nmi_stack_top),
        ];
    }
    [
        between(&raw const __second_fault_stack_bottom, &raw const __second_fault_stack_top),
        between(
            &raw const __second_double_fault_stack_bottom,
            &raw const __second_double_fault_stack_top,
        ),
        between(&raw const __second_nmi_stack_bottom, &raw const __second_nmi_stack_top),
    ]
}

/// Whether `address` lies in the guard page below one of the image's stacks.
pub(super) fn in_guard_page(address: usize) -> bool {
    [
        &raw const __boot_stack_guard,
        &raw const __fault_stack_guard,
        &raw const __double_fault_stack_guard,
        &raw const __nmi_stack_guard,
        &raw const __second_stack_guard,
        &raw const __second_fault_stack_guard,
        &raw const __second_double_fault_stack_guard,
        &raw const __second_nmi_stack_guard,
    ]
    .iter()
    .any(|guard| address.wrapping_sub(guard.addr()) < crate::PAGE)
}

/// A symbol of the linker script: only its address means anything.
type Symbol = [u8; 0];

// SAFETY: `linker/x86_64.ld` defines all of them, and a symbol without size can't be misread.
unsafe extern "C" {
    safe static __arena_text_start: Symbol;
    safe static __arena_text_end: Symbol;
    safe static __arena_rodata_start: Symbol;
    safe static __arena_rodata_end: Symbol;
    safe static __arena_data_start: Symbol;
    safe static __arena_data_end: Symbol;
    #[cfg(feature = "image")]
    safe static __away_text_start: Symbol;
    #[cfg(feature = "image")]
    safe static __away_text_end: Symbol;
    #[cfg(feature = "image")]
    safe static __away_rodata_start: Symbol;
    #[cfg(feature = "image")]
    safe static __away_rodata_end: Symbol;
    #[cfg(feature = "image")]
    safe static __away_data_start: Symbol;
    #[cfg(feature = "image")]
    safe static __away_data_end: Symbol;
    #[cfg(feature = "image")]
    safe static __program_stack_start: Symbol;
    #[cfg(feature = "image")]
    safe static __program_stack_end: Symbol;
    #[cfg(feature = "image")]
    safe static __second_program_stack_start: Symbol;
    #[cfg(feature = "image")]
    safe static __second_program_stack_end: Symbol;
    #[cfg(feature = "image")]
    safe static __gate_start: Symbol;
    #[cfg(feature = "image")]
    safe static __gate_end: Symbol;
    safe static __image_heap_start: Symbol;
    safe static __image_heap_end: Symbol;
    safe static __program_heap_start: Symbol;
    safe static __program_heap_end: Symbol;
    safe static __job_start: Symbol;
    safe static __job_end: Symbol;
    safe static __boot_stack_guard: Symbol;
    safe static __fault_stack_guard: Symbol;
    safe static __fault_stack_bottom: Symbol;
    safe static __fault_stack_top: Symbol;
    safe static __double_fault_stack_guard: Symbol;
    safe static __double_fault_stack_bottom: Symbol;
    safe static __double_fault_stack_top: Symbol;
    safe static __nmi_stack_guard: Symbol;
    safe static __nmi_stack_bottom: Symbol;
    safe static __nmi_stack_top: Symbol;
    safe static __second_stack_guard: Symbol;
    safe static __second_fault_stack_guard: Symbol;
    safe static __second_fault_stack_bottom: Symbol;
    safe static __second_fault_stack_top: Symbol;
    safe static __second_double_fault_stack_guard: Symbol;
    safe static __second_double_fault_stack_bottom: Symbol;
    safe static __second_double_fault_stack_top: Symbol;
    safe static __second_nmi_stack_guard: Symbol;
    safe static __second_nmi_stack_bottom: Symbol;
    safe static __second_nmi_stack_top: Symbol;
}

fn between(start: *const Symbol, end: *const Symbol) -> Region {
    Region::between(start.addr(), end.addr())
}
