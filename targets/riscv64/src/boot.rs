//! From the firmware to the image: builds the page tables, turns paging on, sets up the stack. The
//! second hart, which the first has the firmware start, finds the tables built.
//!
//! OpenSBI jumps to the lowest address of the image in S-mode with paging off, so this runs
//! [`RAM_OFFSET`] above the address that it was linked at. It is written in assembly because compiled
//! code could take the address of a constant from memory, where the linker put the other one.
//! `riscv-rt` is no help: it runs at the address that it was linked at.

use core::arch::global_asm;

use crate::layout::{RAM_OFFSET, UART};
use crate::paging::{
    DEVICE_LEAVES, DEVICE_MIDDLE, FAR_MIDDLE, LEAVES, MIDDLE, READ, READ_EXECUTE, READ_WRITE, ROOT,
    VALID,
};
use crate::trap::__trap_entry;
use crate::{FAR_ALIAS, harts, image_main};

global_asm!(
    // The tables' contents, as link addresses. First where tables go into upper ones: the first
    // entry, the first lower table and the size of all that follow each other from there.
    ".pushsection .rodata.boot, \"a\"",
    ".balign 8",
    ".Lboot_tables:",
    ".dword {root}, {middle}, 4096",
    ".dword {root} + {far_entry}, {far_middle}, 4096",
    ".dword {root} + {device_entry}, {device_middle}, 4096",
    // The away arenas are not below.
    ".dword {middle}, {leaves}, __near_tables_size",
    ".dword {far_middle}, {leaves}, __image_tables_size",
    ".dword {device_middle}, {device_leaves}, 4096",
    // Then pages: the first, the end of the last, their flags. What is not named stays unmapped:
    // low memory, the firmware, guard pages.
    ".Lboot_pages:",
    ".dword __text_start, __text_end, {read_execute}",
    #[cfg(feature = "image")]
    ".dword __gate_start, __gate_end, {gate}",
    ".dword __rodata_start, __rodata_end, {read}",
    ".dword __data_start, __bss_end, {read_write}",
    ".dword __boot_stack_start, __boot_stack_end, {read_write}",
    ".dword __exception_stack_start, __exception_stack_end, {read_write}",
    ".dword __second_stack_start, __second_stack_end, {read_write}",
    ".dword __second_exception_stack_start, __second_exception_stack_end, {read_write}",
    ".dword __program_stack_start, __program_stack_end, {read_write}",
    ".dword __second_program_stack_start, __second_program_stack_end, {read_write}",
    ".dword __arena_text_start, __arena_text_end, {read_write}",
    ".dword __arena_rodata_start, __arena_rodata_end, {read_write}",
    ".dword __arena_data_start, __arena_data_end, {read_write}",
    ".dword __image_heap_start, __image_heap_end, {read_write}",
    ".dword __program_heap_start, __program_heap_end, {read_write}",
    // Programs may leave code in their files.
    ".dword __job_start, __job_end, {read_execute}",
    ".dword __away_text_start, __away_data_end, {read_write}",
    ".Lboot_pages_end:",
    ".Lboot_entry:",
    ".dword .Lboot_mapped",
    ".popsection",
    //
    ".pushsection .data.boot, \"aw\"",
    ".balign 4",
    ".Lboot_begun:",
    ".word 0",
    ".popsection",
    //
    ".pushsection .text.boot, \"ax\"",
    // Addresses must stay relative to the program counter, whatever the linker finds shorter.
    ".option push",
    ".option norelax",
    ".option arch, +a, +d", // The assembler is not told of the target's own extensions.
    ".global _start",
    "_start:",
    "csrw sie, zero",
    // The second hart may come here, too: OpenSBI 1.1 says that a hart is to start before it says
    // where, and one that looks in between goes where the first has gone.
    "lla t0, .Lboot_begun",
    "li t1, 1",
    "amoswap.w.aqrl t1, t1, (t0)",
    "bnez t1, __second_start",
    // s5 is the number that the hart has here, s6 the firmware's.
    "mv s5, zero",
    "mv s6, a0",
    "lla t0, __bss_start",
    "lla t1, __bss_end",
    ".Lboot_clear:",
    "sd zero, 0(t0)",
    "addi t0, t0, 8",
    "bltu t0, t1, .Lboot_clear",
    // s0 is the row, s1 the end of the rows, s2 the offset to physical addresses, s3 the lowest tables.
    "li s2, {ram_offset}",
    "lla s0, .Lboot_tables",
    "lla s1, .Lboot_pages",
    ".Lboot_next_tables:",
    "ld a0, 0(s0)",
    "add a0, a0, s2",
    "ld a1, 8(s0)",
    "ld a2, 16(s0)",
    "add a2, a2, a1",
    "li a3, {valid}",
    "jal .Lboot_fill",
    "addi s0, s0, 24",
    "bltu s0, s1, .Lboot_next_tables",
    "lla s1, .Lboot_pages_end",
    "lla s3, {leaves}",
    ".Lboot_next_pages:",
    "ld a1, 0(s0)",
    "ld a2, 8(s0)",
    "ld a3, 16(s0)",
    "srli a0, a1, 12 - 3", // 8 bytes for each page.
    "add a0, a0, s3",
    "jal .Lboot_fill",
    "addi s0, s0, 24",
    "bltu s0, s1, .Lboot_next_pages",
    ".Lboot_enable:",
    // The instruction after `csrw satp` is at an address that no longer exists. Its fetch faults,
    // and the hart goes to the trap vector: the way into the image.
    "lla t0, {root}",
    "srli t0, t0, 12",
    "li t1, 8 << 60", // Sv39, address space 0.
    "or t0, t0, t1",
    "lla t1, .Lboot_entry",
    "ld t1, 0(t1)",
    "csrw stvec, t1",
    "sfence.vma",
    "csrw satp, t0",
    "sfence.vma",
    ".Lboot_leave:",
    "j .Lboot_leave",
    // Writes the entries, from a0 on, for the pages or tables from a1 up to a2, with the flags a3.
    ".Lboot_fill:",
    "lui t0, 1",
    ".Lboot_fill_next:",
    "bgeu a1, a2, .Lboot_filled",
    "add t1, a1, s2",
    "srli t1, t1, 2",
    "or t1, t1, a3",
    "sd t1, 0(a0)",
    "addi a0, a0, 8",
    "add a1, a1, t0",
    "j .Lboot_fill_next",
    ".Lboot_filled:",
    "ret",
    ".global __second_start",
    "__second_start:",
    "csrw sie, zero",
    "li s5, 1",
    "mv s6, a0",
    "j .Lboot_enable",
    // From here on at the addresses that the linker gave.
    ".balign 4", // As `stvec` wants it.
    ".Lboot_mapped:",
    "lla t0, {trap_entry}",
    "csrw stvec, t0",
    "li t0, {status_clear}",
    "csrc sstatus, t0",
    "li t0, {status_set}",
    "csrs sstatus, t0",
    "fscsr zero",
    "csrw sscratch, s5",
    "lla sp, __boot_stack_end",
    "lla t0, {main}",
    "beqz s5, .Lboot_go",
    "lla sp, __second_stack_end",
    "lla t0, {start_second}",
    ".Lboot_go:",
    "mv a0, s6",
    "mv s0, zero", // Walks along frame pointers end here.
    "mv ra, zero",
    "jr t0",
    ".option pop",
    ".popsection",
    root = sym ROOT,
    middle = sym MIDDLE,
    far_middle = sym FAR_MIDDLE,
    device_middle = sym DEVICE_MIDDLE,
    device_leaves = sym DEVICE_LEAVES,
    leaves = sym LEAVES,
    far_entry = const root_entry(FAR_ALIAS),
    device_entry = const root_entry(UART),
    ram_offset = const RAM_OFFSET,
    valid = const VALID,
    read = const READ,
    read_write = const READ_WRITE,
    read_execute = const READ_EXECUTE,
    // Interrupts off, floating-point off for the moment, no access to user pages, execute-only
    // pages not readable.
    status_clear = const 1 << 1 | 3 << 13 | 1 << 18 | 1 << 19,
    // Floating-point on ("initial"), for the image and its programs; access to user pages after all
    // where there are any.
    status_set = const 1 << 13 | if cfg!(feature = "image") { 1 << 18 } else { 0 },
    #[cfg(feature = "image")]
    gate = const READ_EXECUTE | crate::paging::USER,
    trap_entry = sym __trap_entry,
    main = sym main,
    start_second = sym harts::start_second,
);

/// The offset in bytes of an address's entry in the top-level table.
const fn root_entry(address: usize) -> usize {
    (address >> 30) * 8
}

/// Calls the image's main function. The firmware starts the image on any of its harts.
extern "C" fn main(firmware_number: usize) -> ! {
    harts::first_is(firmware_number);
    #[cfg(feature = "image")]
    crate::table_writing::init();
    #[cfg(not(feature = "image"))]
    crate::machine::init();
    image_main()
}
