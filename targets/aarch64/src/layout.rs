//! What the linker script says is where.

use target_common::{HARTS, Region, Regions};

/// The region between two symbols of the linker script.
macro_rules! region {
    ($start:ident, $end:ident) => {{
        unsafe extern "C" {
            static $start: u8;
            static $end: u8;
        }
        Region::between((&raw const $start).addr(), (&raw const $end).addr())
    }};
}

/// The memory that the linker script sets aside.
#[inline(always)] // who wants one region computes no other
pub fn regions() -> Regions {
    Regions {
        text: region!(__arena_text_start, __arena_text_end),
        rodata: region!(__arena_rodata_start, __arena_rodata_end),
        data: region!(__arena_data_start, __arena_data_end),
        #[cfg(feature = "image")]
        away: target_common::AwayArenas {
            text: region!(__away_text_start, __away_text_end),
            rodata: region!(__away_rodata_start, __away_rodata_end),
            data: region!(__away_data_start, __away_data_end),
        },
        #[cfg(feature = "image")]
        program_stacks: [
            region!(__program_stack_start, __program_stack_end),
            region!(__second_program_stack_start, __second_program_stack_end),
        ],
        #[cfg(feature = "image")]
        gate: region!(__gate_start, __gate_end),
        heap: region!(__image_heap_start, __image_heap_end),
        program_heap: region!(__program_heap_start, __program_heap_end),
        job: region!(__job_start, __job_end),
    }
}

/// The image's own memory.
pub(crate) struct Image {
    /// Code.
    #[cfg(feature = "image")]
    pub text: Region,
    /// Read-only data.
    #[cfg(feature = "image")]
    pub rodata: Region,
    /// Data and bss.
    #[cfg(feature = "image")]
    pub data: [Region; 2],
    /// The page tables, between these.
    #[cfg(feature = "image")]
    pub page_tables: Region,
    /// Each hart's stack, without its guard: for `image_main`, for the second one's work.
    pub main_stacks: [Region; HARTS],
    /// Each hart's stack of `image_fault`, without its guard.
    pub exception_stacks: [Region; HARTS],
}

#[inline(always)] // as for `regions`
pub(crate) fn image() -> Image {
    Image {
        #[cfg(feature = "image")]
        text: region!(__text_start, __text_end),
        #[cfg(feature = "image")]
        rodata: region!(__rodata_start, __rodata_end),
        #[cfg(feature = "image")]
        data: [region!(__data_start, __page_tables_start), region!(__page_tables_end, __data_end)],
        #[cfg(feature = "image")]
        page_tables: region!(__page_tables_start, __page_tables_end),
        main_stacks: [
            region!(__main_stack_start, __main_stack_end),
            #[cfg(feature = "image")]
            region!(__second_main_stack_start, __second_main_stack_end),
        ],
        exception_stacks: [
            region!(__exception_stack_start, __exception_stack_end),
            #[cfg(feature = "image")]
            region!(__second_exception_stack_start, __second_exception_stack_end),
        ],
    }
}
