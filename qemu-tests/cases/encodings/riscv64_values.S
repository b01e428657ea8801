        .globl set_value, six_value
set_value = 0x12345678
six_value = 0x30
        .section .note.GNU-stack, "", @progbits
