# The second object of the example on the crate page: gcc -c asker.s -o asker.o
        .text
        .globl  ask
        .type   ask, @function
ask:    call    answer
        inc     %eax
        ret
        .size   ask, . - ask
        .section .note.GNU-stack, "", @progbits
