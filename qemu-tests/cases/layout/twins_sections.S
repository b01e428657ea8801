        .section twin, "a", %progbits
        .balign 4
        .globl twin_constant
twin_constant:
        .long 11

        .section twin, "aw", %progbits, unique, 1
        .balign 4
        .globl twin_variable
twin_variable:
        .long 22

        .section twin, "aw", %nobits, unique, 2
        .balign 4
        .globl twin_zero
twin_zero:
        .zero 4

        .section twin, "ax", %progbits, unique, 3
        .globl twin_function
        .type twin_function, %function
twin_function:
#if defined(__aarch64__)
        mov w0, 44
#elif defined(__riscv)
        li a0, 44
#else
        mov $44, %eax
#endif
        ret
        .section .note.GNU-stack, "", %progbits
