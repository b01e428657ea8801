//! What the linker script set aside, and where things are in the physical address space.

use target_common::{Region, Regions};

/// Physical address minus link address, for all of RAM.
pub(crate) const RAM_OFFSET: usize = 0x8000_0000;

/// One past the highest link address that the page tables can map. The linker script asserts it.
pub(crate) const VIRTUAL_END: usize = 0x2000_0000;

/// Physical address of the first serial port, compatible to a 16550 with registers a byte apart.
pub(crate) const UART_PHYSICAL: usize = 0x1000_0000;

/// Physical address of the `sifive_test` device, which ends QEMU.
pub(crate) const FINISHER_PHYSICAL: usize = 0x0010_0000;

/// Where the page for the serial port is mapped.
pub(crate) const UART: usize = 0x38_0000_0000;

/// Where the page for the `sifive_test` device is mapped.
pub(crate) const FINISHER: usize = UART + crate::PAGE;

/// The memory that the linker script reserved.
#[inline(always)] // who wants one region computes no other
pub fn regions() -> Regions {
    let between = |start: *const u8, end: *const u8| Region::between(start.addr(), end.addr());
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

/// Where the page tables lie, the lower part first.
#[cfg(feature = "image")]
pub(crate) fn page_tables() -> [Region; 2] {
    let between = |start: *const u8, end: *const u8| Region::between(start.addr(), end.addr());
    [
        between(&raw const __device_tables_start, &raw const __device_tables_end),
        between(&raw const __page_tables_start, &raw const __page_tables_end),
    ]
}

// SAFETY: the linker script defines them. What they mark may change at any time, so nothing reads it
// through them; only their addresses are taken.
unsafe extern "C" {
    #[cfg(feature = "image")]
    safe static __device_tables_start: u8;
    #[cfg(feature = "image")]
    safe static __device_tables_end: u8;
    #[cfg(feature = "image")]
    safe static __page_tables_start: u8;
    #[cfg(feature = "image")]
    safe static __page_tables_end: u8;
    safe static __arena_text_start: u8;
    safe static __arena_text_end: u8;
    safe static __arena_rodata_start: u8;
    safe static __arena_rodata_end: u8;
    safe static __arena_data_start: u8;
    safe static __arena_data_end: u8;
    #[cfg(feature = "image")]
    safe static __away_text_start: u8;
    #[cfg(feature = "image")]
    safe static __away_text_end: u8;
    #[cfg(feature = "image")]
    safe static __away_rodata_start: u8;
    #[cfg(feature = "image")]
    safe static __away_rodata_end: u8;
    #[cfg(feature = "image")]
    safe static __away_data_start: u8;
    #[cfg(feature = "image")]
    safe static __away_data_end: u8;
    #[cfg(feature = "image")]
    safe static __program_stack_start: u8;
    #[cfg(feature = "image")]
    safe static __program_stack_end: u8;
    #[cfg(feature = "image")]
    safe static __second_program_stack_start: u8;
    #[cfg(feature = "image")]
    safe static __second_program_stack_end: u8;
    #[cfg(feature = "image")]
    safe static __gate_start: u8;
    #[cfg(feature = "image")]
    safe static __gate_end: u8;
    safe static __image_heap_start: u8;
    safe static __image_heap_end: u8;
    safe static __program_heap_start: u8;
    safe static __program_heap_end: u8;
    safe static __job_start: u8;
    safe static __job_end: u8;
}
