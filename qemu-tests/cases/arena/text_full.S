//! compilers: clang
//! flags:
//! refused: place; text
// 17 MiB of code, for an arena of 16 MiB.
        .text
        .globl main
main:
        .zero 17 << 20
        .section .note.GNU-stack, "", %progbits
