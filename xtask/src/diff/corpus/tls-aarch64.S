// Thread-local code that compilers seldom write, in the forms that ld.lld knows, or that are
// expressed by one of them: LDR and STR of 128 bits.
    .text
    .globl start
start:
    // Local-exec, every field.
    movz x0, #:tprel_g2:far
    movk x0, #:tprel_g1_nc:far
    movk x0, #:tprel_g0_nc:far
    movz x0, #:tprel_g1:far
    movz x0, #:tprel_g0:near
    add x0, x0, #:tprel_hi12:far
    add x0, x0, #:tprel_lo12_nc:far
    ldrb w0, [x0, #:tprel_lo12_nc:far]
    ldrh w0, [x0, #:tprel_lo12_nc:far]
    ldr w0, [x0, #:tprel_lo12_nc:far]
    ldr x0, [x0, #:tprel_lo12_nc:far]
    ldr q0, [x0, #:tprel_lo12_nc:far]
    .macro field insn, type, symbol
    .reloc ., \type, \symbol
    .inst \insn
    .endm
    field 0x3dc00005, R_AARCH64_TLSLE_LDST128_TPREL_LO12, near
    field 0x3d800026, R_AARCH64_TLSLE_LDST128_TPREL_LO12, near + 0x40
    field 0x3dc00007, R_AARCH64_TLSLD_LDST128_DTPREL_LO12, near
    field 0x3d800028, R_AARCH64_TLSLD_LDST128_DTPREL_LO12, near + 0xfe0
    field 0x3dc00009, R_AARCH64_TLSLD_LDST128_DTPREL_LO12_NC, far
    field 0x3d80002a, R_AARCH64_TLSLD_LDST128_DTPREL_LO12_NC, near
    // Initial-exec, another register.
    adrp x9, :gottprel:far
    ldr x9, [x9, #:gottprel_lo12:far]
    // Descriptors.
    adrp x0, :tlsdesc:far
    ldr x1, [x0, #:tlsdesc_lo12:far]
    add x0, x0, #:tlsdesc_lo12:far
    .tlsdesccall far
    blr x1
    ret

    .section .tdata, "awT"
    .balign 16
    .quad 0, 0
near:
    .quad 1, 2
    .section .tbss, "awT", @nobits
    .balign 16
    .zero 0x12340
far:
    .zero 16
