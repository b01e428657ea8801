// The types that no compiler was seen to write.
        .option norelax
        .option norvc
        .text
        .globl types
        .type types, @function
types:
        .reloc ., R_RISCV_CALL, there
        auipc ra, 0
        jalr ra
        .reloc ., R_RISCV_CALL, outside
        auipc ra, 0
        jalr ra
        .reloc ., R_RISCV_NONE, absent
        ret
        .weak absent

        .section .rodata, "a", @progbits
        .balign 8
        .macro word type, symbol
        .reloc ., \type, \symbol
        .word 0
        .endm
        word R_RISCV_PLT32, there
        word R_RISCV_PLT32, outside
        word R_RISCV_PLT32, types + 4
        word R_RISCV_GOT32_PCREL, data_there
        word R_RISCV_GOT32_PCREL, outside_data + 4
        word R_RISCV_GOT32_PCREL, absent
        word R_RISCV_32_PCREL, there + 2
        word R_RISCV_32_PCREL, outside_data - 8

        // At odd offsets, and with bytes that are not zero to begin with.
        .data
        .byte 1
        .reloc ., R_RISCV_64, data_there + 1
        .dword 0x1122334455667788
        .reloc ., R_RISCV_ADD64, data_there
        .reloc ., R_RISCV_SUB64, there
        .dword 0x1122334455667788
        .reloc ., R_RISCV_ADD32, data_there + 3
        .reloc ., R_RISCV_SUB32, there
        .word 0x11223344
        .reloc ., R_RISCV_ADD16, there + 8
        .reloc ., R_RISCV_SUB16, there
        .half 0x1122
        .reloc ., R_RISCV_ADD8, there + 8
        .reloc ., R_RISCV_SUB8, there
        .byte 0xfc
        .reloc ., R_RISCV_SET6, there + 9
        .reloc ., R_RISCV_SUB6, there
        .byte 0xc0
        .reloc ., R_RISCV_SET16, value64
        .half 0
        .reloc ., R_RISCV_SET32, value32
        .word 0
        // The widths of the encoding stay, whatever the value.
        .reloc ., R_RISCV_SET_ULEB128, there + 12
        .reloc ., R_RISCV_SUB_ULEB128, there
        .byte 0x80, 0x80, 0x00
        .reloc ., R_RISCV_SET_ULEB128, value16
        .reloc ., R_RISCV_SUB_ULEB128, zero
        .byte 0x80, 0x80, 0x80, 0x80, 0x00
        .set zero, 0
