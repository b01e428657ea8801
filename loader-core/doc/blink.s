# A module of the example of `LoadOrder`: gcc -c blink.s -o blink.o
        .text
        .globl  blink
        .type   blink, @function
blink:  jmp     gpio_set
        .size   blink, . - blink
        .section .note.loader-core, "", @note
        .p2align 2
        .long   12, 6, 1                # NAME
        .asciz  "loader-core"
        .asciz  "blink"
        .p2align 2
        .long   12, 29, 4               # DEPENDENCY
        .asciz  "loader-core"
        .long   1, 0, 0, 2, 0, 0        # >=1.0.0, <2.0.0
        .asciz  "gpio"
        .p2align 2
        .section .note.GNU-stack, "", @progbits
