// Absolute symbols that fit fields of every width, and what the other file refers to.
        .globl value16, value17, value32, value48, value64
        .set value16, 0x1234
        .set value17, -0x1234
        .set value32, 0x12345678
        .set value48, 0x123456789abc
        .set value64, 0x123456789abcdef0

        .section .text.there, "ax", %progbits
        .globl there
        .type there, %function
        .size there, 12
        .balign 16
there:
        .skip 12

        .data
        .globl data_there
        .type data_there, %object
        .size data_there, 24
        .balign 8
data_there:
        .skip 24
        // A whole instruction, for R_AARCH64_PATCHINST.
        .globl instruction
        .set instruction, 0xd503233f
