// The types that no compiler was seen to write. Some of them one linker alone knows, or none.
        .macro field insn, type, symbol
        .reloc ., \type, \symbol
        .inst \insn
        .endm

        .text
        .globl types
        .type types, %function
types:
        field 0xd2800000, R_AARCH64_MOVW_UABS_G0, value16
        field 0xf2800000, R_AARCH64_MOVW_UABS_G0_NC, value64
        field 0xd2a00000, R_AARCH64_MOVW_UABS_G1, value32
        field 0xf2a00000, R_AARCH64_MOVW_UABS_G1_NC, value64 + 8
        field 0xd2c00000, R_AARCH64_MOVW_UABS_G2, value48
        field 0xf2c00000, R_AARCH64_MOVW_UABS_G2_NC, value64
        field 0xf2e00000, R_AARCH64_MOVW_UABS_G3, value64
        field 0xd2800000, R_AARCH64_MOVW_SABS_G0, value16
        field 0xd2800000, R_AARCH64_MOVW_SABS_G0, value17
        field 0xd2a00000, R_AARCH64_MOVW_SABS_G1, value32
        field 0xd2a00000, R_AARCH64_MOVW_SABS_G1, value17
        field 0xd2c00000, R_AARCH64_MOVW_SABS_G2, value48
        field 0xd2c00000, R_AARCH64_MOVW_SABS_G2, value17
        field 0xd2800000, R_AARCH64_MOVW_PREL_G0, types
        field 0xd2800000, R_AARCH64_MOVW_PREL_G0, after
        field 0xf2800000, R_AARCH64_MOVW_PREL_G0_NC, data_there
        field 0xd2a00000, R_AARCH64_MOVW_PREL_G1, data_there
        field 0xd2a00000, R_AARCH64_MOVW_PREL_G1, types
        field 0xf2a00000, R_AARCH64_MOVW_PREL_G1_NC, data_there + 4
        field 0xd2c00000, R_AARCH64_MOVW_PREL_G2, data_there
        field 0xd2c00000, R_AARCH64_MOVW_PREL_G2, types
        field 0xf2c00000, R_AARCH64_MOVW_PREL_G2_NC, data_there
        field 0xf2e00000, R_AARCH64_MOVW_PREL_G3, types
        field 0x54000001, R_AARCH64_CONDBR19, after
        field 0x36000001, R_AARCH64_TSTBR14, after
        field 0x10000001, R_AARCH64_ADR_PREL_LO21, after + 1
        field 0x58000001, R_AARCH64_LD_PREL_LO19, after
        field 0x58000000, R_AARCH64_GOT_LD_PREL19, data_there
        field 0xd2800000, R_AARCH64_MOVW_GOTOFF_G0, data_there
        field 0xf2800000, R_AARCH64_MOVW_GOTOFF_G0_NC, data_there
        field 0xd2a00000, R_AARCH64_MOVW_GOTOFF_G1, outside_data
        // MOVN becomes MOVZ.
        field 0x92800003, R_AARCH64_MOVW_GOTOFF_G0, outside_data
        field 0xf2a00004, R_AARCH64_MOVW_GOTOFF_G1_NC, outside_data
        field 0x92c00005, R_AARCH64_MOVW_GOTOFF_G2, outside_data
        field 0xf2c00006, R_AARCH64_MOVW_GOTOFF_G2_NC, outside_data
        field 0x92e00007, R_AARCH64_MOVW_GOTOFF_G3, outside_data
        field 0xf9400000, R_AARCH64_LD64_GOTOFF_LO15, data_there
        field 0xf9400000, R_AARCH64_LD64_GOTOFF_LO15, outside_data
        field 0xd503201f, R_AARCH64_PATCHINST, instruction
        field 0xd503201f, R_AARCH64_NONE, there
        field 0xd503201f, R_AARCH64_NONE, absent
        ret
after:
        .skip 16

        .section .rodata, "a", %progbits
        .balign 8
        .macro word type, symbol
        .reloc ., \type, \symbol
        .word 0
        .endm
        word R_AARCH64_PLT32, there
        word R_AARCH64_PLT32, outside
        word R_AARCH64_PLT32, types + 4
        word R_AARCH64_GOTPCREL32, data_there
        word R_AARCH64_GOTPCREL32, outside_data + 4
        word R_AARCH64_GOTPCREL32, absent
        word R_AARCH64_PREL32, absent
        word R_AARCH64_PREL32, there - 4
        .weak absent
        word R_AARCH64_GOTREL32, data_there + 4
        word R_AARCH64_GOTREL32, types - 4
        .reloc ., R_AARCH64_GOTREL64, data_there
        .xword 0
        .reloc ., R_AARCH64_GOTREL64, outside_data + 8
        .xword 0
        .reloc ., R_AARCH64_GOTREL64, absent
        .xword 0

        .data
        .balign 8
        .reloc ., R_AARCH64_FUNCINIT64, there
        .xword 0
        .reloc ., R_AARCH64_FUNCINIT64, types + 4
        .xword 0
        // At odd offsets.
        .byte 1
        .reloc ., R_AARCH64_ABS64, data_there + 1
        .xword 0
        .reloc ., R_AARCH64_PREL64, outside_data
        .xword 0
        .reloc ., R_AARCH64_ABS32, value32
        .word 0
        .reloc ., R_AARCH64_ABS16, value16
        .hword 0
