// Code as Cortex-A53 erratum 843419 affects it, and code that is like it: a section for each,
// which says by its name what is to be done where its first word is one of the last two of a page.

        .macro code verdict
        .section .text.\verdict\().\@, "ax", %progbits
        .p2align 2
        .endm

// ADRP to x0, one instruction, and a load from x0; and the same with another one between.
        .macro pair verdict, second
        code \verdict
        adrp x0, variable
        \second
        ldr x9, [x0, :lo12:variable]
        code \verdict
        adrp x0, variable
        \second
        add x5, x6, x7
        ldr x9, [x0, :lo12:variable]
        ret
        .endm

        .macro mend second
        pair mend, "\second"
        .endm

        .macro leave second
        pair leave, "\second"
        .endm

// One register, of either kind, with every way of addressing.
        mend "ldr x1, [x2]"
        mend "ldr w1, [x2, #4]"
        mend "str x1, [x2, #8]"
        mend "strb w1, [x2]"
        mend "ldrsh x1, [x2]"
        mend "ldrsw x1, [x2]"
        mend "ldr q1, [x2]"
        mend "str d1, [x2, #8]"
        mend "ldr b1, [x2]"
        mend "prfm pldl1keep, [x2]"
        mend "ldur x1, [x2, #-8]"
        mend "stur q1, [x2, #-8]"
        mend "prfum pldl1keep, [x2, #-8]"
        mend "ldr x1, [x2], #8"
        mend "str q1, [x2], #16"
        mend "str x1, [x2, #8]!"
        mend "ldr d1, [x2, #8]!"
        mend "ldtr x1, [x2]"
        mend "sttrb w1, [x2]"
        mend "ldr x1, [x2, x3]"
        mend "str w1, [x2, w3, uxtw #2]"
        mend "str q1, [x2, x3, lsl #4]"
        mend "prfm pldl1keep, [x2, x3]"
        mend "ldr x1, . + 8"
        mend "ldrsw x1, . + 8"
        mend "ldr s1, . + 8"
        mend "prfm pldl1keep, . + 8"
        mend "ldxr x1, [x2]"
        mend "ldaxrb w1, [x2]"
        mend "stxr w1, x3, [x2]"
        mend "stlxrh w1, w3, [x2]"
        mend "ldar x1, [x2]"
        mend "stlr w1, [x2]"
        mend "ldxp x1, x3, [x2]"
        mend "stxp w1, x3, x4, [x2]"

// STP and STNP.
        mend "stp x1, x3, [x2]"
        mend "stp w1, w3, [x2], #8"
        mend "stp x1, x3, [x2, #-16]!"
        mend "stp q1, q3, [x2]"
        mend "stp d1, d3, [x2, #16]!"
        mend "stp s1, s3, [x2], #8"
        mend "stnp x1, x3, [x2]"
        mend "stnp q1, q3, [x2]"

// ST1.
        mend "st1 {v1.8b}, [x2]"
        mend "st1 {v1.8b, v2.8b}, [x2]"
        mend "st1 {v1.16b, v2.16b, v3.16b}, [x2]"
        mend "st1 {v1.4s, v2.4s, v3.4s, v4.4s}, [x2]"
        mend "st1 {v1.8b}, [x2], #8"
        mend "st1 {v1.2d, v2.2d}, [x2], x3"
        mend "st1 {v1.b}[1], [x2]"
        mend "st1 {v1.h}[1], [x2]"
        mend "st1 {v1.s}[1], [x2]"
        mend "st1 {v1.d}[1], [x2]"
        mend "st1 {v1.s}[3], [x2], #4"
        mend "st1 {v1.d}[1], [x2], x3"

// x0 is read, or a register that only looks like it written.
        mend "str x0, [x2]"
        mend "str x1, [x0]"
        mend "ldr x1, [x0, x2]"
        mend "stp x0, x1, [x2]"
        mend "ldr q0, [x2]"
        mend "ldr d0, [x2], #8"
        mend "ldr s0, . + 8"
        mend "prfm pldl1keep, [x0]"

// Others than these.
        leave "ldp x1, x3, [x2]"
        leave "ldp q1, q3, [x2], #32"
        leave "ldpsw x1, x3, [x2]"
        leave "ldnp x1, x3, [x2]"
        leave "ld1 {v1.8b}, [x2]"
        leave "ld1 {v1.b}[1], [x2]"
        leave "ld1r {v1.8b}, [x2]"
        leave "ld2 {v1.8b, v2.8b}, [x2]"
        leave "st2 {v1.8b, v2.8b}, [x2]"
        leave "st3 {v1.8b, v2.8b, v3.8b}, [x2], x3"
        leave "st4 {v1.8b, v2.8b, v3.8b, v4.8b}, [x2]"
        leave "st2 {v1.b, v2.b}[1], [x2]"
        leave "st3 {v1.h, v2.h, v3.h}[1], [x2]"
        leave "st4 {v1.s, v2.s, v3.s, v4.s}[1], [x2], #16"
        leave "nop"
        leave "add x1, x2, x3"
        leave "adrp x1, variable"
        leave "dmb sy"
        leave "dc cvac, x1"
        leave "fmov d1, x2"

// x0 is written.
        leave "ldr x0, [x2]"
        leave "ldrb w0, [x2]"
        leave "ldrsw x0, [x2, x3]"
        leave "ldr x0, . + 8"
        leave "ldxr x0, [x2]"
        leave "ldar w0, [x2]"
        leave "ldr x1, [x0], #8"
        leave "str x1, [x0, #8]!"
        leave "str q1, [x0], #16"
        leave "stp x1, x2, [x0], #16"
        leave "stp q1, q2, [x0, #32]!"
        leave "st1 {v1.8b}, [x0], #8"
        leave "st1 {v1.b}[1], [x0], x2"

// The last instruction.
        .macro last verdict, last
        code \verdict
        adrp x3, variable
        str x1, [x2]
        \last
        ret
        .endm

        last mend, "str x1, [x3, :lo12:variable]"
        last mend, "ldrb w1, [x3, :lo12:variable]"
        last mend, "strh w1, [x3, :lo12:variable]"
        last mend, "ldrsw x1, [x3, :lo12:variable]"
        last mend, "ldr q1, [x3, :lo12:variable]"
        last mend, "str s1, [x3, :lo12:variable]"
        last mend, "prfm pldl1keep, [x3, :lo12:variable]"
        last mend, "ldr x3, [x3, :lo12:variable]"
        last mend, "str x3, [x3, #8]"
        last leave, "add x3, x3, :lo12:variable"
        last leave, "ldr x1, [x4, :lo12:variable]"
        last leave, "ldur x1, [x3, #8]"
        last leave, "ldr x1, [x3], #8"
        last leave, "ldr x1, [x3, x4]"
        last leave, "ldp x1, x4, [x3]"
        last leave, "ldxr x1, [x3]"

// A branch between.
        .macro branch insn
        code leave
        adrp x0, variable
        str x1, [x2]
        \insn
        ldr x9, [x0, :lo12:variable]
        .endm

        branch "b . + 4"
        branch "bl . + 4"
        branch "b.eq . + 4"
        branch "cbz x1, . + 4"
        branch "cbnz w1, . + 4"
        branch "tbz x1, #33, . + 4"
        branch "tbnz w1, #3, . + 4"
        branch "br x1"
        branch "blr x1"
        branch "ret"

// Too far, or in another order.
        code leave
        adrp x0, variable
        str x1, [x2]
        nop
        nop
        ldr x9, [x0, :lo12:variable]
        code leave
        adrp x0, variable
        nop
        str x1, [x2]
        ldr x9, [x0, :lo12:variable]
        code leave
        adr x0, near
        str x1, [x2]
near:   ldr x9, [x0]
        ret

// From the GOT; and without a relocation.
        code mend
        adrp x0, :got:variable
        str x1, [x2]
        ldr x0, [x0, :got_lo12:variable]
        code mend
        .inst 0x90010000 // adrp x0, . + 32 MiB
        str x1, [x2]
        ldr x9, [x0, #8]

// Data, whole and in part.
        code leave
        .4byte 0x90000000, 0xf9000041, 0xf9400409
        code leave
        adrp x0, variable
        .4byte 0xf9000041, 0xf9400409
        code leave
        adrp x0, variable
        str x1, [x2]
        .4byte 0xf9400409
        ret
        code mend
        adrp x0, variable
        str x1, [x2]
        ldr x9, [x0, :lo12:variable]
        .4byte 0xf9400409

// Two, a page apart, and one at the end.
        code mend
        .rept 2
        adrp x0, variable
        str x1, [x2]
        ldr x9, [x0, :lo12:variable]
        .rept 1021
        nop
        .endr
        .endr
        adrp x0, variable
        str x1, [x2]
        ldr x9, [x0, :lo12:variable]

        .data
        .p2align 12
        .zero 0x123 * 16
        .globl variable
variable:
        .quad 1, 2
