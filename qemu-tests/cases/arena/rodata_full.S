//! compilers: clang
//! flags:
//! refused: place; rodata
// 17 MiB of constants, for an arena of 16 MiB.
        .text
        .globl main
main:
        .zero 4
        .section .rodata, "a", %progbits
        .zero 17 << 20
        .section .note.GNU-stack, "", %progbits
