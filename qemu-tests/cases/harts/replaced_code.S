// Two functions that can be anywhere, and add a number to their argument.
#if defined(__aarch64__)
#define ADD(number) add w0, w0, number; ret
#elif defined(__riscv)
#define ADD(number) addiw a0, a0, number; ret
#else
#define ADD(number) lea number(%rdi), %eax; ret
#endif
    .section .rodata
    .balign 16
    .global first_code, second_code, code_size
first_code:
    ADD(100)
    .balign 16
second_code:
    ADD(200)
    .balign 16
code_size:
    .quad second_code - first_code
    .section .note.GNU-stack,"",%progbits
