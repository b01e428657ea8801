//! manager: fixed
//! compilers: clang
//! flags:
//! refused: place; text, the memory for it has only 4194304 bytes
// 4 MiB of code and a little more, for a place of 4 MiB.
        .text
        .globl main
main:
        .zero 4 << 20
        .zero 4
        .section .note.GNU-stack, "", %progbits
