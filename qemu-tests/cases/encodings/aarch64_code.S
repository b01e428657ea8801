// One function for each way to reach a symbol.
        .macro function name
        .globl \name
        .type \name, %function
\name:
        .endm

        .text
function load_8
        adrp x1, target_page + 4080
        ldrb w0, [x1, :lo12:target_page + 4080]
        ret
function load_16
        adrp x1, target_page + 4082
        ldrh w0, [x1, :lo12:target_page + 4082]
        ret
function load_32
        adrp x1, target_page + 4084
        ldr w0, [x1, :lo12:target_page + 4084]
        ret
function load_64
        adrp x1, target_page + 4088
        ldr x0, [x1, :lo12:target_page + 4088]
        ret
function load_128
        adrp x1, target_page + 4096
        ldr q0, [x1, :lo12:target_page + 4096]
        fmov x0, d0
        fmov x1, v0.d[1]
        add x0, x0, x1
        ret
function next_page
        adrp x0, target_page + 4104
        add x0, x0, :lo12:target_page + 4104
        ret
function page_no_check
        adrp x0, :pg_hi21_nc:target_page + 4088
        add x0, x0, :lo12:target_page + 4088
        ret
function literal
        ldr x0, near_literal
        ret
function address_of_literal
        adr x0, near_literal
        ret
function call
        stp x29, x30, [sp, -16]!
        bl target_function
        ldp x29, x30, [sp], 16
        add w0, w0, 1
        ret
function jump
        b target_function
function conditional
        cmp w0, 0
        b.eq near_function
        ret
function compare_zero
        cbz w0, near_function
        ret
function test_bit
        tbnz w0, 11, near_function
        ret
function near_function
        mov w0, 77
        ret

function from_got
        adrp x0, :got:target_function
        ldr x0, [x0, :got_lo12:target_function]
        ret
function from_got_page
        adrp x0, :got:target_page
        ldr x0, [x0, :got_lo12:target_page]
        ret
function far_from_got
        adrp x0, :got:kernel_test_far
        ldr x0, [x0, :got_lo12:kernel_test_far]
        ret
function far_from_moves
        movz x0, :abs_g3:kernel_test_far
        movk x0, :abs_g2_nc:kernel_test_far
        movk x0, :abs_g1_nc:kernel_test_far
        movk x0, :abs_g0_nc:kernel_test_far
        ret
function moved
        movz x0, :abs_g0_nc:wide_value
        movk x0, :abs_g1_nc:wide_value
        movk x0, :abs_g2_nc:wide_value
        movk x0, :abs_g3:wide_value
        ret
// The assembler writes MOVN or MOVZ; the linker chooses by the sign.
function moved_negative
        movz x0, :abs_g0_s:negative_value
        ret
function moved_small
        movn x0, :abs_g0_s:small_value
        ret
function distance_moved
        movz x0, :prel_g1:target_page
        movk x0, :prel_g0_nc:target_page + 4
        ret
function distance_base
        adr x0, distance_moved
        ret

        .balign 8
        .globl near_literal
near_literal:
        .xword 0x1122334455667788

        .section .rodata, "a", %progbits
        .globl quad_far, quad_distance, word_address, word_distance, half_value, half_distance
        .balign 8
quad_far:
        .xword kernel_test_far
quad_distance:
        .xword target_page + 16 - .
word_address:
        .word target_page
word_distance:
        .word target_function - .
half_value:
        .hword absolute_half
half_distance:
        .reloc ., R_AARCH64_PREL16, quad_far
        .hword 0

        .section .note.GNU-stack, "", %progbits
