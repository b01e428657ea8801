// Thread-local code that no compiler writes, and types that no linker knows or that one takes for
// a part of other code.
        .macro field insn, type, symbol
        .reloc ., \type, \symbol
        .inst \insn
        .endm

        .text
        .globl start
start:
        // A variable's pair of slots, and the module's.
        field 0xd2a00000, R_AARCH64_TLSGD_MOVW_G1, far
        field 0xf2800000, R_AARCH64_TLSGD_MOVW_G0_NC, far
        field 0x92a00001, R_AARCH64_TLSGD_MOVW_G1, near
        field 0xf2800001, R_AARCH64_TLSGD_MOVW_G0_NC, near
        field 0xd2a00002, R_AARCH64_TLSGD_MOVW_G1, outside
        field 0xf2800002, R_AARCH64_TLSGD_MOVW_G0_NC, outside
        field 0x92a00003, R_AARCH64_TLSLD_MOVW_G1, far
        field 0xf2800003, R_AARCH64_TLSLD_MOVW_G0_NC, far
        // LDR (literal), 64 bits
        field 0x58000004, R_AARCH64_TLSLD_LD_PREL19, far
        ret
        .type outside, %tls_object

        .section .tdata, "awT"
        .balign 16
        .quad 0, 0
near:
        .quad 1, 2
        .section .tbss, "awT", %nobits
        .balign 16
        .zero 0x12340
far:
        .zero 16
