//! flags:
//! refused aarch64: plan; R_AARCH64_COPY, .data, 0x8
//! refused riscv64: plan; R_RISCV_COPY, .data, 0x8
//! refused x86_64: plan; R_X86_64_COPY, .data, 0x8
// A relocation type that has no business in an object is refused by its name, with its place.
        .text
        .globl main
main:
        ret
        .data
        .quad 0
#if defined(__aarch64__)
        .reloc ., R_AARCH64_COPY, main
#elif defined(__riscv)
        .reloc ., R_RISCV_COPY, main
#else
        .reloc ., R_X86_64_COPY, main
#endif
        .quad 0
        .section .note.GNU-stack, "", %progbits
