# A program that boots on QEMU's q35, by PVH and so with 32-bit code: it looks at its data, says so,
# and ends. Beside it, what a link has to get right: a section placed apart, a call into an archive,
# a symbol from the command line, a note that the machine looks for.
    .text
    .code32
    .globl start
    .type start, @function
start:
    mov $stack_end, %esp
    cmpl $0, zero
    jne wrong
    mov pointer, %esi
    call say
wrong:
    call finish
    jmp .
    .size start, . - start

# Says the text at %esi.
    .section .text.hot, "ax", @progbits
    .balign 16
    .type say, @function
say:
    mov $console, %edx
1:  lodsb
    test %al, %al
    jz 2f
    out %al, %dx
    jmp 1b
2:  ret
    .size say, . - say

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, 18 # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long start

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
    .quad message
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
