# A program that boots on QEMU's virt: it looks at its data, says so, and ends. Beside it, what a link
# has to get right: a section placed apart, a call into an archive, a symbol from the command line.
    .text
    .globl start
    .type start, @function
start:
    la sp, stack_end
    lla t0, zero
    lw t0, 0(t0)
    bnez t0, wrong
    lla t0, pointer
    ld a1, 0(t0)
    call say
wrong:
    call finish
    j .
    .size start, . - start

# Says the text at a1.
    .section .text.hot, "ax", @progbits
    .balign 16
    .type say, @function
say:
    lui a2, %hi(console)
    addi a2, a2, %lo(console)
1:  lbu a3, 0(a1)
    beqz a3, 2f
    sb a3, 0(a2)
    addi a1, a1, 1
    j 1b
    .balign 16
2:  ret
    .size say, . - say

    .section .rodata, "a", @progbits
    .type message, @object
message:
    .asciz "linked, and where it belongs\n"
    .size message, . - message

    .data
    .balign 8
    .globl pointer
    .type pointer, @object
pointer:
    .dword message
    .size pointer, 8

    .bss
    .balign 16
    .globl zero
    .type zero, @object
zero:
    .skip 4
    .size zero, 4
    .balign 16
    .skip 256
stack_end:
