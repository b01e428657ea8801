//! compilers: clang
//! flags:
//! refused: plan; impossible_size.o
// Zeroed sections whose sizes, added, pass the end of the address space.
        .text
        .globl main
main:
        .zero 4
        .section .bss.a, "aw", %nobits
        .zero 0x7ffffffffffffff0
        .section .bss.b, "aw", %nobits
        .zero 0x7ffffffffffffff0
        .section .bss.c, "aw", %nobits
        .zero 0x7ffffffffffffff0
        .section .note.GNU-stack, "", %progbits
