// Types that no compiler was seen to write, and that GNU ld alone knows.
        .section .rodata, "a", @progbits
        .macro quad type, symbol
        .reloc ., \type, \symbol
        .quad 0
        .endm
        .byte 1 // at odd offsets
        quad R_X86_64_GOTPCREL64, data_there
        quad R_X86_64_GOTPCREL64, outside + 8
        quad R_X86_64_GOTPLT64, there
        quad R_X86_64_GOTPLT64, outside
        .text
        .globl types
types:
        ret
