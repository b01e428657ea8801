# A module of the example of `LoadOrder`: gcc -c gpio.s -o gpio.o
        .text
        .globl  gpio_set
        .type   gpio_set, @function
gpio_set:
        ret
        .size   gpio_set, . - gpio_set
        .section .note.loader-core, "", @note
        .p2align 2
        .long   12, 5, 1                # NAME
        .asciz  "loader-core"
        .asciz  "gpio"
        .p2align 2
        .long   12, 12, 2               # VERSION
        .asciz  "loader-core"
        .long   1, 4, 0
        .section .note.GNU-stack, "", @progbits
