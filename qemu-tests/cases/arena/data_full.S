//! compilers: clang
//! flags:
//! refused: place; data
// 33 MiB of data, for an arena of 32 MiB.
        .text
        .globl main
main:
        .zero 4
        .data
        .zero 33 << 20
        .section .note.GNU-stack, "", %progbits
