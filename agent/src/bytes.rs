//! `memcpy` and `memset`, which compiled code calls, in a few bytes: those of the core library are made
//! for speed, and longer than what checks the frames. x86-64 has instructions for them, which those of
//! the core library use.

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".pushsection .text.bytes, \"ax\"",
    ".global memcpy",
    "memcpy:",
    "mov x3, x0",
    "1: cbz x2, 2f",
    "ldrb w4, [x1], #1",
    "strb w4, [x3], #1",
    "sub x2, x2, #1",
    "b 1b",
    ".global memset",
    "memset:",
    "mov x3, x0",
    "3: cbz x2, 2f",
    "strb w1, [x3], #1",
    "sub x2, x2, #1",
    "b 3b",
    "2: ret",
    ".popsection",
);

#[cfg(target_arch = "riscv64")]
core::arch::global_asm!(
    ".pushsection .text.bytes, \"ax\"",
    ".global memcpy",
    "memcpy:",
    "add a2, a2, a0",
    "mv a3, a0",
    "1: beq a3, a2, 2f",
    "lb a4, 0(a1)",
    "sb a4, 0(a3)",
    "addi a1, a1, 1",
    "addi a3, a3, 1",
    "j 1b",
    ".global memset",
    "memset:",
    "add a2, a2, a0",
    "mv a3, a0",
    "3: beq a3, a2, 2f",
    "sb a1, 0(a3)",
    "addi a3, a3, 1",
    "j 3b",
    "2: ret",
    ".popsection",
);
