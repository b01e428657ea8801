        .macro function name
        .globl \name
        .type \name, @function
\name:
        .endm
        .macro digit value
        slli a1, a0, 3
        slli a2, a0, 1
        add a0, a1, a2
        addi a0, a0, \value
        .endm

        .text
function walk
        j walk_8
        c.nop
        .balign 8
        .globl walk_8, walk_16, walk_32, walk_64, walk_128, walk_end
walk_8:
        digit 1
        .balign 16
walk_16:
        digit 2
        c.nop
        c.nop
        c.nop
        .balign 32
walk_32:
        digit 3
        c.nop
        .balign 64
walk_64:
        digit 4
        .balign 128
walk_128:
        digit 5
walk_end:
        ret
        .size walk, . - walk

// Branches in both directions over padding.
function skip_back
        li a1, 0
        c.nop
1:      beqz a0, 2f
        addi a0, a0, -1
        addi a1, a1, 64
        .balign 32
        addi a1, a1, 64
        j 1b
        .balign 64
2:      mv a0, a1
        ret

function call_behind
        addi sp, sp, -16
        c.nop
        .balign 16
        sd ra, 8(sp)
        call add_1000
        ld ra, 8(sp)
        addi sp, sp, 16
        ret
        .balign 4
function add_1000
        addi a0, a0, 1000
        ret
// A pair whose upper half moves.
function value_behind
        c.nop
        .balign 32
1:      auipc a0, %pcrel_hi(behind)
        .balign 16
        lw a0, %pcrel_lo(1b)(a0)
        ret

        .section .text.other, "ax", @progbits
        c.nop
        .balign 64
function after_all
        addi a0, a0, 1
        ret

        .section .rodata, "a", @progbits
        .globl addresses, distances, uleb_distances
        .balign 8
addresses:
        .dword walk_8, walk_16, walk_32, walk_64, walk_128, walk_end
distances:
        .word walk_8 - walk, walk_16 - walk, walk_32 - walk
        .word walk_64 - walk, walk_128 - walk, walk_end - walk
behind:
        .word 77
uleb_distances:
#ifdef __clang__
        .uleb128 walk_end - walk_128
        .uleb128 walk_end - walk
        .uleb128 walk_16 - walk_16
#else
        .byte 0
#endif
        .section .note.GNU-stack, "", @progbits
