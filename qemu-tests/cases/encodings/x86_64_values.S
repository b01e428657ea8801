        .globl absolute_byte, absolute_short
absolute_byte = 42
absolute_short = 4242
        .section .note.GNU-stack, "", @progbits
