        .globl small_value
small_value = 42
        .globl page_value
page_value = 0x10000
        .globl wide_value
wide_value = 0x123456789abcdef0
        .section .note.GNU-stack, "", %progbits
