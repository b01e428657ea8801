// One function for each way to reach a symbol.
        .macro function name
        .globl \name
        .type \name, @function
\name:
        .endm

        .text
// Loads from around the places where the low 12 bits change sign or start again.
function absolute_loads
        lui a1, %hi(target_page + 0x7f8)
        lbu a0, %lo(target_page + 0x7f8)(a1)
        lui a1, %hi(target_page + 0x800)
        lbu a2, %lo(target_page + 0x800)(a1)
        lui a1, %hi(target_page + 0x808)
        lbu a3, %lo(target_page + 0x808)(a1)
        lui a1, %hi(target_page + 0xff8)
        lbu a4, %lo(target_page + 0xff8)(a1)
        lui a1, %hi(target_page + 0x1000)
        lbu a5, %lo(target_page + 0x1000)(a1)
        j join_digits
function relative_loads
1:      auipc a1, %pcrel_hi(target_page + 0x7f8)
        lbu a0, %pcrel_lo(1b)(a1)
1:      auipc a1, %pcrel_hi(target_page + 0x800)
        lbu a2, %pcrel_lo(1b)(a1)
1:      auipc a1, %pcrel_hi(target_page + 0x808)
        lbu a3, %pcrel_lo(1b)(a1)
1:      auipc a1, %pcrel_hi(target_page + 0xff8)
        lbu a4, %pcrel_lo(1b)(a1)
1:      auipc a1, %pcrel_hi(target_page + 0x1000)
        lbu a5, %pcrel_lo(1b)(a1)
function join_digits
        li a1, 10
        mul a0, a0, a1
        add a0, a0, a2
        mul a0, a0, a1
        add a0, a0, a3
        mul a0, a0, a1
        add a0, a0, a4
        mul a0, a0, a1
        add a0, a0, a5
        ret
function absolute_store
        lui a1, %hi(target_store)
        sw a0, %lo(target_store)(a1)
        lw a0, %lo(target_store)(a1)
        ret
function relative_store
1:      auipc a1, %pcrel_hi(target_store)
        sw a0, %pcrel_lo(1b)(a1)
        lw a0, %pcrel_lo(1b)(a1)
        ret
// One upper part for a load, an addition's load and a store, with other pairs in between.
function shared_upper
1:      auipc a1, %pcrel_hi(target_shared)
2:      auipc a2, %pcrel_hi(target_store)
        lw a3, %pcrel_lo(1b)(a1)
        sw zero, %pcrel_lo(2b)(a2)
        add a0, a0, a3
        sw a0, %pcrel_lo(1b)(a1)
        lw a0, %pcrel_lo(1b)(a1)
        ret
// The lower part stands, and is listed, before its upper part.
function low_before_high
        j 2f
1:      lbu a0, %pcrel_lo(2f)(a1)
        ret
2:      auipc a1, %pcrel_hi(target_page + 0x808)
        j 1b
function high_far_away
3:      auipc a1, %pcrel_hi(target_page + 0xff8)
        j 4f
        .skip 6000
4:      lbu a0, %pcrel_lo(3b)(a1)
        ret
function address_past_middle
        lla a0, target_page + 0x800
        ret

function call
        addi sp, sp, -16
        sd ra, 8(sp)
        call target_function
        ld ra, 8(sp)
        addi sp, sp, 16
        addi a0, a0, 1
        ret
// The other link register, as -msave-restore uses it.
function call_link_t0
        call t0, doubled_link_t0
        ret
function doubled_link_t0
        slli a0, a0, 1
        jr t0
function jump
        la t1, target_function
        jr t1
function jump_tail
        tail target_function
        .option push
        .option norvc
function branch
        beqz a0, 1f
        ret
1:      j near_function
        .option pop
function long_branch
        .reloc ., R_RISCV_BRANCH, near_function
        .word 0x00050063 // beqz a0, .
        ret
// The assemblers would make these longer, as they do not know how far away the symbol is.
function short_branch
        .reloc ., R_RISCV_RVC_BRANCH, near_function
        .half 0xc101 // c.beqz a0, .
        ret
function short_jump
        .reloc ., R_RISCV_RVC_JUMP, near_function
        .half 0xa001 // c.j .
        nop
function near_function
        jal t0, in_77
        ret
function in_77
        li a0, 77
        jr t0

function from_got
1:      auipc a0, %got_pcrel_hi(target_function)
        ld a0, %pcrel_lo(1b)(a0)
        ret
function far_from_got
1:      auipc a0, %got_pcrel_hi(kernel_test_far)
        ld a0, %pcrel_lo(1b)(a0)
        ret
// Two loads by one upper part give the same.
function got_two_lows
1:      auipc a0, %got_pcrel_hi(target_page)
        ld a1, %pcrel_lo(1b)(a0)
        ld a2, %pcrel_lo(1b)(a0)
        sub a0, a1, a2
        ret

        .section .rodata, "a", @progbits
        .globl quad_far, quad_sum, word_address, word_sum, word_set, word_distance
        .globl half_sum, half_set, byte_sum, byte_set, six_bits
        .balign 8
quad_far:
        .dword kernel_test_far
        // Sums and differences: what is there, plus one symbol, minus another.
quad_sum:
        .reloc ., R_RISCV_ADD64, target_page + 4096
        .reloc ., R_RISCV_SUB64, target_page
        .dword 0x1000000
word_sum:
        .reloc ., R_RISCV_ADD32, target_page + 4096
        .reloc ., R_RISCV_SUB32, target_page
        .word 0x10000
word_address:
        .word target_page
word_distance:
        .reloc ., R_RISCV_32_PCREL, target_page
        .word 0
word_set:
        .reloc ., R_RISCV_SET32, set_value
        .word 0xffffffff
half_sum:
        .reloc ., R_RISCV_ADD16, target_page + 4096
        .reloc ., R_RISCV_SUB16, target_page
        .half 0x100
half_set:
        .reloc ., R_RISCV_SET16, set_value
        .half 0xffff
byte_sum:
        .reloc ., R_RISCV_ADD8, target_page + 16
        .reloc ., R_RISCV_SUB8, target_page
        .byte 3
byte_set:
        .reloc ., R_RISCV_SET8, set_value
        .byte 0xff
six_bits:
        .reloc ., R_RISCV_SET6, set_value
        .reloc ., R_RISCV_SUB6, six_value
        .byte 0x80

        .section .note.GNU-stack, "", @progbits
