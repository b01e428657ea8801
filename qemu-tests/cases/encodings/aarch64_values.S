        .globl absolute_half, wide_value, negative_value, small_value
absolute_half = 4242
wide_value = 0x123456789abcdef0
negative_value = -1000
small_value = 1000
        .section .note.GNU-stack, "", %progbits
