// A program that boots on QEMU's virt: it looks at its data, says so, and ends. Beside it, what a link
// has to get right: a section placed apart, a call into an archive, a symbol from the command line.
    .text
    .globl start
    .type start, %function
start:
    adrp x0, stack_end
    add x0, x0, :lo12:stack_end
    mov sp, x0
    adrp x1, zero
    ldr w1, [x1, :lo12:zero]
    cbnz w1, wrong
    adrp x1, pointer
    ldr x1, [x1, :lo12:pointer]
    bl say
wrong:
    bl finish
    b .
    .size start, . - start

// Says the text at x1.
    .section .text.hot, "ax", %progbits
    .balign 16
    .type say, %function
say:
    movz x2, #:abs_g1:console
    movk x2, #:abs_g0_nc:console
1:  ldrb w3, [x1], #1
    cbz w3, 2f
    str w3, [x2]
    b 1b
2:  ret
    .size say, . - say

    .section .rodata, "a", %progbits
    .type message, %object
message:
    .asciz "linked, and where it belongs\n"
    .size message, . - message

    .data
    .balign 8
    .globl pointer
    .type pointer, %object
pointer:
    .xword message
    .size pointer, 8

    .bss
    .balign 16
    .globl zero
    .type zero, %object
zero:
    .skip 4
    .size zero, 4
    .balign 16
    .skip 256
stack_end:
