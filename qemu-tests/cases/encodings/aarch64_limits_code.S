// Each field holds its limit, or with -DBEYOND=N the Nth field holds one step more.
// What is large is left out where it is not wanted.
#ifndef BEYOND
#define BEYOND 0
#endif
#define WANTED(one, other) (BEYOND == 0 || BEYOND == one || BEYOND == other)

        .macro function name
        .globl \name
        .type \name, %function
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
        .endm

        .section .text.test, "ax", %progbits
        .balign 8
name_limit test_limit_back
        mov w0, 1
        ret
        .skip 0x8000 - 8
        limit 1, 4
        .skip step
function test_backward
        tbz w0, 0, test_limit_back
        ret
function test_forward
        limit 2, 4
        tbz w0, 0, test_limit
        ret
        .skip 0x7ffc - 8 + step
name_limit test_limit
        mov w0, 1
        ret

#if WANTED(3, 4)
        .section .text.branch, "ax", %progbits
        .balign 8
name_limit branch_limit_back
        mov w0, 1
        ret
        .skip 0x100000 - 8
        limit 3, 4
        .skip step
function branch_backward
        cbz w0, branch_limit_back
        ret
function branch_forward
        limit 4, 4
        cbz w0, branch_limit
        ret
        .skip 0xffffc - 8 + step
name_limit branch_limit
        mov w0, 1
        ret
#endif

#if WANTED(5, 6)
        .section .text.literal, "ax", %progbits
        .balign 8
name_limit literal_limit_back
        .xword 0x1122334455667788
        .skip 0x100000 - 8
        limit 5, 4
        .skip step
function literal_backward
        ldr x0, literal_limit_back
        ret
function literal_forward
        limit 6, 4
        ldr x0, literal_limit
        ret
        .skip 0xffffc - 8 + step
name_limit literal_limit
        .xword 0x1122334455667788
#endif

#if WANTED(7, 7)
        .section .text.address, "ax", %progbits
        .balign 8
function address_forward
        limit 7, 1
        adr x0, address_limit
        ret
        .skip 0xfffff - 8 + step
name_limit address_limit
        .byte 0
#endif

        .section .text.move, "ax", %progbits
        .balign 4
        limit 8, 1
        .globl limit_u16
        .set limit_u16, 65535 + step
        limit 9, 1
        .globl limit_s16
        .set limit_s16, 65535 + step
        limit 10, 1
        .globl limit_s16_low
        .set limit_s16_low, -65536 - step
        limit 11, 1
        .globl limit_half
        .set limit_half, 65535 + step
        limit 12, 1
        .globl limit_half_low
        .set limit_half_low, -32768 - step
        limit 13, 1
        .globl limit_word
        .set limit_word, 0xffffffff + step
        limit 14, 1
        .globl limit_word_low
        .set limit_word_low, -0x80000000 - step
        limit 15, 1
        .globl limit_g1
        .set limit_g1, 0xffffffff + step
function move_largest
        .reloc ., R_AARCH64_MOVW_UABS_G0, limit_u16
        movz x0, 0
        ret
function move_signed_largest
        .reloc ., R_AARCH64_MOVW_SABS_G0, limit_s16
        movz x0, 0
        ret
function move_signed_smallest
        .reloc ., R_AARCH64_MOVW_SABS_G0, limit_s16_low
        movz x0, 0
        ret
function move_upper
        .reloc ., R_AARCH64_MOVW_UABS_G1, limit_g1
        movz x0, 0, lsl 16
        ret

        .section .rodata, "a", %progbits
        .globl half_largest, half_smallest, word_largest, word_smallest
        .balign 4
word_largest:
        .reloc ., R_AARCH64_ABS32, limit_word
        .word 0
word_smallest:
        .reloc ., R_AARCH64_ABS32, limit_word_low
        .word 0
half_largest:
        .reloc ., R_AARCH64_ABS16, limit_half
        .hword 0
half_smallest:
        .reloc ., R_AARCH64_ABS16, limit_half_low
        .hword 0
        .section .note.GNU-stack, "", %progbits
