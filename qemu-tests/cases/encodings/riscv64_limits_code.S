// Each field holds its limit, or with -DBEYOND=N the Nth field holds one step more.
// What is large is left out where it is not wanted.
#ifndef BEYOND
#define BEYOND 0
#endif
#define WANTED(one, other) (BEYOND == 0 || BEYOND == one || BEYOND == other)

        .option norelax
        .macro function name
        .globl \name
        .type \name, @function
\name:
        .endm
        // Sets `step` to what the Nth field goes beyond its limit by.
        .macro limit number, by
        .set step, 0
        .if BEYOND == \number
        .set step, \by
        .endif
        .endm
        .macro name_limit name
        .globl \name
\name:
        c.li a0, 1
        ret
        .endm

// The instructions are spelled out: the assemblers would choose longer ones.
        .section .text.branch, "ax", @progbits
        .balign 4
name_limit branch_limit_back
        .skip 0x1000 - 4
        limit 1, 2
        .skip step
function branch_backward
        .reloc ., R_RISCV_BRANCH, branch_limit_back
        .4byte 0x00050063 // beqz a0, .
        ret
function branch_forward
        limit 2, 2
        .reloc ., R_RISCV_BRANCH, branch_limit
        .4byte 0x00050063 // beqz a0, .
        ret
        .skip 0xffe - 6 + step
name_limit branch_limit

        .section .text.short, "ax", @progbits
        .balign 4
name_limit short_limit_back
        .skip 0x100 - 4
        limit 3, 2
        .skip step
function short_backward
        .reloc ., R_RISCV_RVC_BRANCH, short_limit_back
        .2byte 0xc101 // c.beqz a0, .
        ret
function short_forward
        limit 4, 2
        .reloc ., R_RISCV_RVC_BRANCH, short_limit
        .2byte 0xc101 // c.beqz a0, .
        ret
        .skip 0xfe - 4 + step
name_limit short_limit

#if WANTED(5, 6)
        .section .text.jump, "ax", @progbits
        .balign 4
name_limit jump_limit_back
        .skip 0x100000 - 4
        limit 5, 2
        .skip step
function jump_backward
        .reloc ., R_RISCV_JAL, jump_limit_back
        .4byte 0x0000006f // j .
function jump_forward
        limit 6, 2
        .reloc ., R_RISCV_JAL, jump_limit
        .4byte 0x0000006f // j .
        .skip 0xffffe - 4 + step
name_limit jump_limit
#endif

        .section .text.short_jump, "ax", @progbits
        .balign 4
name_limit short_jump_limit_back
        .skip 0x800 - 4
        limit 7, 2
        .skip step
function short_jump_backward
        .reloc ., R_RISCV_RVC_JUMP, short_jump_limit_back
        .2byte 0xa001 // c.j .
function short_jump_forward
        limit 8, 2
        .reloc ., R_RISCV_RVC_JUMP, short_jump_limit
        .2byte 0xa001 // c.j .
        .skip 0x7fe - 2 + step
name_limit short_jump_limit

// Nor would they leave these to the loader, as they know the values.
        .section .text.upper, "ax", @progbits
        .balign 4
        limit 9, 1
        .globl limit_upper
        .set limit_upper, 0x7ffff7ff + step
        limit 10, 0x801
        .globl limit_upper_low
        .set limit_upper_low, -0x80000000 - step
        limit 11, 1
        .globl limit_word
        .set limit_word, 0xffffffff + step
        limit 12, 1
        .globl limit_word_low
        .set limit_word_low, -0x80000000 - step
function upper_largest
        .reloc ., R_RISCV_HI20, limit_upper
        lui a0, 0
        .reloc ., R_RISCV_LO12_I, limit_upper
        .4byte 0x00050513 // addi a0, a0, 0
        ret
function upper_smallest
        .reloc ., R_RISCV_HI20, limit_upper_low
        lui a0, 0
        .reloc ., R_RISCV_LO12_I, limit_upper_low
        .4byte 0x00050513 // addi a0, a0, 0
        ret

        .section .rodata, "a", @progbits
        .globl word_largest, word_smallest
        .balign 4
word_largest:
        .reloc ., R_RISCV_32, limit_word
        .word 0
word_smallest:
        .reloc ., R_RISCV_32, limit_word_low
        .word 0
        .section .note.GNU-stack, "", @progbits
