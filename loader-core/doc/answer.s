# The object of the example on the crate page: gcc -c answer.s -o answer.o
        .text
        .globl  answer
        .type   answer, @function
answer: call    question
        mov     base@GOTPCREL(%rip), %rcx
        add     (%rcx), %eax
        ret
        .size   answer, . - answer
        .data
        .globl  base
        .type   base, @object
        .p2align 2
base:   .long   2
        .size   base, . - base
        .section .init_array, "aw", @init_array
        .p2align 3
        .quad   answer
        .section .note.GNU-stack, "", @progbits
