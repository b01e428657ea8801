//! compilers: clang
//! arch: aarch64; every other type of the other machines is applied, dynamic, or thread-local
//! flags:
//! refused: plan; R_AARCH64_MOVW_GOTOFF_G0, section, .text, not implemented yet
// A relocation type that is left for later is refused by its name, with its place.
        .text
        .globl main
main:
        .reloc ., R_AARCH64_MOVW_GOTOFF_G0, main
        movz x0, 0
        ret
        .section .note.GNU-stack, "", %progbits
